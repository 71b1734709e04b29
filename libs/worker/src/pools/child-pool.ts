/**
 * A pool of threads or processes, each of which runs one task at a time.
 *
 * A child is *loading* until it has loaded the tasks, then *idle* or *busy* by turns. One that ends by itself is replaced:
 * at once when it was busy, as its task is likely to blame; else after a delay that grows (see {@link backoffMs}), as the
 * next is likely to end the same way. One that has run its share of tasks, holds too much memory, or is more than
 * the concurrency asks for, is *retired* between two tasks, and no longer counts.
 */
import {
  backoffMs,
  coerceError,
  IllegalStateError,
  ImproperlyConfiguredError,
  type Logger,
} from '@celeriac/primitives';
import type { ChildEnd, ChildHandle } from './child-handle.ts';
import type { ExecutionPool, PoolRun, PoolRunEvents, PoolTask } from './execution-pool.ts';
import { encodeJob } from './pool-messages.ts';
import { QueuedRun } from './queued-run.ts';

export interface ChildPoolOptions {
  readonly kind: ExecutionPool['kind'];
  readonly concurrency: number;
  readonly startChild: () => ChildHandle;
  /** A child is replaced after that many tasks. Default: never. */
  readonly maxTasksPerChild?: number | undefined;
  /** A child is replaced after a task that leaves it with more than that, in KiB. Default: never. */
  readonly maxMemoryPerChildKib?: number | undefined;
  readonly logger: Logger;
}

type PoolState = 'idle' | 'starting' | 'running' | 'closed';

interface Slot {
  readonly child: ChildHandle;
  isReady: boolean;
  /** It was told to end. */
  isEnding: boolean;
  run: QueuedRun | undefined;
  tasksRun: number;
  /** Why it is told to end before it has begun. */
  loadError?: unknown;
}

export class ChildPool implements ExecutionPool {
  readonly kind: ExecutionPool['kind'];
  readonly #options: ChildPoolOptions;
  readonly #slots = new Set<Slot>();
  readonly #retired = new Set<ChildHandle>();
  readonly #waiting: QueuedRun[] = [];
  #state: PoolState = 'idle';
  #concurrency: number;
  #jobs = 0;
  /** How often in a row children had to be replaced that had not run a task. */
  #failures = 0;
  /** Until it fires, no child is started. */
  #replacement: NodeJS.Timeout | undefined;
  #delayMs = 0;

  constructor(options: ChildPoolOptions) {
    this.kind = options.kind;
    this.#options = options;
    this.#concurrency = checkConcurrency(options.concurrency);
  }

  async start(): Promise<void> {
    if (this.#state !== 'idle')
      throw new IllegalStateError(`A pool is started once; this one is ${this.#state}`);
    this.#setState('starting');
    try {
      this.#fill();
      await Promise.all([...this.#slots].map(({ child }) => Promise.race([child.ready, refusedEnd(child)])));
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#setState('running');
  }

  run(task: PoolTask, events: PoolRunEvents): PoolRun {
    if (this.#state !== 'running')
      throw new IllegalStateError(
        `A pool runs tasks between start() and close(); this one is ${this.#state}`,
      );
    const run = new QueuedRun({
      job: encodeJob(this.#jobs++, task),
      events,
      logger: this.#options.logger,
      onKill: this.#kill,
    });
    this.#waiting.push(run);
    this.#dispatch();
    return run;
  }

  resize(concurrency: number): void {
    this.#concurrency = checkConcurrency(concurrency);
    if (this.#state !== 'running') return;
    for (const slot of this.#slots) {
      if (this.#slots.size > concurrency && slot.run === undefined && !slot.isEnding) this.#retire(slot);
    }
    this.#fill();
  }

  async close(): Promise<void> {
    this.#setState('closed');
    clearTimeout(this.#replacement);
    for (const run of this.#waiting.splice(0)) run.lost();
    const children = [...Array.from(this.#slots, ({ child }) => child), ...this.#retired];
    for (const child of children) child.kill();
    await Promise.all(children.map(({ ended }) => ended));
  }

  #setState(state: PoolState): void {
    if (this.#state !== 'closed') this.#state = state; // that one is for good, also when it comes while the pool starts
  }

  #fill(): void {
    if (this.#state === 'closed') return;
    while (this.#replacement === undefined && this.#slots.size < this.#concurrency) {
      const child = this.#tryStart();
      if (child !== undefined) this.#add(child);
    }
  }

  #tryStart(): ChildHandle | undefined {
    try {
      return this.#options.startChild();
    } catch (error) {
      if (this.#state !== 'running') throw error;
      const replacedInMs = this.#fillLater(); // the system may have no memory left for a process, and have some again
      this.#options.logger.error(
        { pool: this.kind, replacedInMs, err: error },
        'a child of the pool cannot be started',
      );
      return undefined;
    }
  }

  #add(child: ChildHandle): void {
    const slot: Slot = { child, isReady: false, isEnding: false, run: undefined, tasksRun: 0 };
    this.#slots.add(slot);
    child.ready.then(
      () => {
        slot.isReady = true;
        this.#dispatch();
      },
      (error: unknown) => {
        slot.loadError = error;
        child.kill();
      },
    );
    void child.ended.then((end) => {
      this.#ended(slot, end);
    });
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      if (!slot.isReady || slot.isEnding || slot.run !== undefined) continue;
      const run = this.#waiting.shift();
      if (run === undefined) return;
      slot.run = run;
      void run.startOn(slot.child).then(({ outcome, memoryKib }) => {
        this.#finished(slot, memoryKib); // first, so that who hears of the end finds the place free
        run.end(outcome);
      });
    }
  }

  #finished(slot: Slot, memoryKib: number): void {
    const { maxTasksPerChild = Infinity, maxMemoryPerChildKib = Infinity, logger } = this.#options;
    slot.run = undefined;
    slot.tasksRun++;
    this.#failures = 0;
    const isTooLarge = memoryKib > maxMemoryPerChildKib;
    if (isTooLarge) {
      const { pid } = slot.child;
      logger.warn({ pid, memoryKib, maxMemoryPerChildKib }, 'a child of the pool holds too much memory');
    }
    if (slot.isEnding) return;
    if (isTooLarge || slot.tasksRun >= maxTasksPerChild || this.#slots.size > this.#concurrency) {
      this.#retire(slot);
      this.#fill();
    }
    this.#dispatch();
  }

  #retire(slot: Slot): void {
    const { child } = slot;
    slot.isEnding = true;
    this.#slots.delete(slot);
    this.#retired.add(child);
    void child.ended.then(() => this.#retired.delete(child));
    child.retire();
  }

  readonly #kill = (run: QueuedRun, child: ChildHandle | undefined): void => {
    if (child === undefined) {
      this.#waiting.splice(this.#waiting.indexOf(run), 1);
      run.lost();
      return;
    }
    for (const slot of this.#slots) slot.isEnding ||= slot.run === run;
    child.kill();
  };

  #ended(slot: Slot, end: ChildEnd): void {
    const wasCounted = this.#slots.delete(slot);
    const { run } = slot;
    slot.run = undefined;
    run?.lost(end.status, end.error);
    if (!wasCounted || this.#state !== 'running') return;
    if (slot.isEnding) {
      this.#fill();
      return;
    }
    this.#log(slot, end, run === undefined ? this.#fillLater() : 0);
    this.#fill();
  }

  /** @returns the delay, in ms */
  #fillLater(): number {
    if (this.#replacement === undefined) {
      this.#delayMs = backoffMs(this.#failures++, { maxMs: 30_000 });
      this.#replacement = setTimeout(() => {
        this.#replacement = undefined;
        this.#fill();
      }, this.#delayMs);
    }
    return this.#delayMs;
  }

  #log({ child, loadError }: Slot, { status, error = loadError }: ChildEnd, replacedInMs: number): void {
    const reason = error === undefined ? {} : { err: coerceError(error) };
    this.#options.logger.error(
      { pool: this.kind, pid: child.pid, status, replacedInMs, ...reason },
      'a child of the pool is lost',
    );
  }
}

async function refusedEnd(child: ChildHandle): Promise<never> {
  const { status, error } = await child.ended;
  const what = 'A thread or process of the pool ended before it had loaded its tasks';
  throw new ImproperlyConfiguredError(`${what}: ${status}`, { cause: error });
}

function checkConcurrency(concurrency: number): number {
  if (Number.isInteger(concurrency) && concurrency >= 1) return concurrency;
  throw new ImproperlyConfiguredError(
    `The concurrency of a pool must be a whole number of at least 1, got ${concurrency}`,
  );
}
