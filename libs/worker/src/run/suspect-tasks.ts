/**
 * Tasks whose message came again: they may have been running when a worker died, or were merely prefetched.
 *
 * ```
 * comes again ─▶ starts on record? ─ none ──────▶ recorded, runs beside others ─┬▶ ended here ─▶ records deleted
 *                     ├─ below the limit ─▶ waits to be alone ─▶ recorded, runs ─┼▶ given back, channel lost ─▶ record withdrawn
 *                     └─ at the limit ─▶ counted again after a grace ─▶ FAILURE   └▶ its worker died ─▶ the record remains
 * ```
 *
 * What comes for the first time is never here and costs nothing. See docs/decisions/0026-started-tasks-are-recorded.md.
 */
import type { Delivery } from '@celeriac/amqp-transport';
import { coerceError, type Logger } from '@celeriac/primitives';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { OpenedTask } from '@celeriac/protocol';
import { WorkerLostError } from '../pools/worker-lost-error.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import type { CallPublisher } from '../settle/call-publisher.ts';
import { routeToQueue } from '../settle/return-route.ts';
import { acknowledge, settleOnce } from '../settle/settlement.ts';
import type { TaskOutcomes } from '../settle/task-outcomes.ts';
import { StartLedger } from './start-ledger.ts';
import type { StartedRun } from './task-run.ts';

export interface SuspectTasksOptions {
  readonly ledger: StartLedger;
  readonly publisher: CallPublisher;
  readonly outcomes: TaskOutcomes;
  readonly logger: Logger;
  /** Starts that may be on record before a task is given up. */
  readonly limit: number;
  /** Gives a task to the pool, to run when nothing else does. */
  readonly runAlone: (received: ReceivedTask) => void;
  /** Before a task is given up, in ms: a worker that was cut off withdraws its record as soon as it has a connection. */
  readonly graceMs?: number;
}

interface Suspect {
  readonly name: string;
  readonly received: ReceivedTask;
  /** A record of this worker's start is at the broker. */
  isRecorded: boolean;
}

/** Default of {@link SuspectTasksOptions.graceMs}: several attempts to connect. */
const defaultGraceMs = 10_000;
/** A broker that drops messages by their number of deliveries allows more: 20 by default since RabbitMQ 4. */
const freshAfterDeliveries = 5;

export class SuspectTasks {
  readonly #options: SuspectTasksOptions;
  /** Those that were found on record and wait to run alone. */
  readonly #alone = new WeakMap<ReceivedTask, string>();
  readonly #running = new Set<Suspect>();
  /** Latest delivery of each message whose copy is not confirmed yet. */
  readonly #copied = new Map<string, Delivery>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: SuspectTasksOptions) {
    this.#options = options;
    setMaxListeners(0, this.#stopping.signal); // one for each task that waits to be given up
  }

  /**
   * Whether a delivery is replaced by a copy at the end of its queue, because it has come again so often that the broker may
   * soon drop it. The header is the broker's own where a quorum queue delivers again; elsewhere a caller who writes it gets a
   * copy without it, and nothing else. A copy of a task on record is found on record when it comes again.
   */
  refreshes(delivery: Delivery, opened: OpenedTask, orElse: (delivery: Delivery) => void): boolean {
    const count = delivery.headers['x-delivery-count'];
    if (typeof count !== 'number' || count < freshAfterDeliveries) return false;
    const name = StartLedger.nameOf({ delivery, opened });
    const isUnderWay = this.#copied.has(name);
    this.#copied.set(name, delivery);
    if (!isUnderWay) this.#track(this.#refresh(name, delivery, orElse));
    return true;
  }

  /** Runs a task that came again, as far as it may run. Never rejects; resolves when its place in the pool is free. */
  run(received: ReceivedTask, start: () => StartedRun): Promise<void> {
    const found = this.#alone.get(received);
    return this.#tracked(
      found === undefined ? this.#look(received, start) : this.#start(received, found, start),
    );
  }

  /** A connection was lost. The worker lives: its starts do not count against their tasks. */
  deliveriesLost(): void {
    for (const suspect of this.#running)
      if (suspect.isRecorded && suspect.received.delivery.isLost) this.#track(this.#withdraw(suspect));
  }

  /** Whether none is looked at, runs, waits to be given up, or has a record to be withdrawn. */
  get isIdle(): boolean {
    return this.#underWay.size === 0;
  }

  /** Starts nothing more. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Waits for records to be withdrawn, for at most so long. May be called twice. */
  async close(timeoutMs: number): Promise<void> {
    this.stop();
    const late = new AbortController();
    const settled = async (): Promise<void> => {
      while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    };
    await Promise.race([
      settled(),
      delay(timeoutMs, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    this.#options.ledger.close();
  }

  async #look(received: ReceivedTask, start: () => StartedRun): Promise<void> {
    const { ledger, limit, runAlone } = this.#options;
    const name = StartLedger.nameOf(received);
    const count = await ledger.count(name);
    if (!this.#isWanted(received)) {
      if (count === 0) await ledger.forget(name);
      return;
    }
    if (count === undefined) {
      await start().over;
      return;
    }
    if (count >= limit) {
      this.#track(this.#judge(received, name, count));
      return;
    }
    // the last start that is allowed is one without neighbours: nothing else can be what killed its worker
    if (count === 0 && limit > 1) {
      await this.#start(received, name, start);
      return;
    }
    const { id, name: task } = received.opened;
    this.#options.logger.warn(
      { taskId: id, task, queue: received.delivery.queue, starts: count, limit },
      'task was running when a worker died: it runs alone',
    );
    this.#alone.set(received, name);
    runAlone(received);
  }

  async #start(received: ReceivedTask, name: string, start: () => StartedRun): Promise<void> {
    const { ledger } = this.#options;
    const suspect: Suspect = { name, received, isRecorded: false };
    this.#running.add(suspect);
    suspect.isRecorded = await ledger.add(name);
    if (!this.#isWanted(received)) {
      await this.#withdraw(suspect);
      return;
    }
    const { run, over } = start();
    await over;
    this.#running.delete(suspect);
    if (run.end === 'worker-lost') return;
    // its place in the pool is kept meanwhile: the next one may kill the worker, and this one would stay on record
    await this.#untilStopped(run.end === 'abandoned' ? this.#withdraw(suspect) : ledger.forget(name));
  }

  /** Waits for an operation at the broker; once the worker stops, {@link close} alone does. */
  #untilStopped(operation: Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    const tracked = this.#tracked(operation);
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const free = (): void => {
        signal.removeEventListener('abort', free);
        resolve();
      };
      signal.addEventListener('abort', free);
      void tracked.then(free);
    });
  }

  async #withdraw(suspect: Suspect): Promise<void> {
    this.#running.delete(suspect);
    if (!suspect.isRecorded) return;
    suspect.isRecorded = false;
    await this.#options.ledger.withdraw(suspect.name);
  }

  /** Gives a task up, unless a worker that was thought dead has withdrawn its record meanwhile. */
  async #judge(received: ReceivedTask, name: string, found: number): Promise<void> {
    const { ledger, limit, logger, outcomes, runAlone, graceMs = defaultGraceMs } = this.#options;
    await delay(graceMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    if (!this.#isWanted(received)) return;
    const count = (await ledger.count(name)) ?? found;
    if (!this.#isWanted(received)) return;
    if (count < limit) {
      this.#alone.set(received, name);
      runAlone(received);
      return;
    }
    const { id, name: task } = received.opened;
    const { queue } = received.delivery;
    logger.error({ taskId: id, task, queue, starts: count, limit }, 'task given up: its workers died');
    const status = `the task was started again ${count} times, and each time its worker died; the limit is ${limit}.`;
    outcomes.givenUp(received, new WorkerLostError(status), () => {
      this.#track(ledger.forget(name));
    });
  }

  async #refresh(name: string, delivery: Delivery, orElse: (delivery: Delivery) => void): Promise<void> {
    const { logger, publisher } = this.#options;
    const { queue, headers, properties, body } = delivery;
    const kept = Object.fromEntries(Object.entries(headers).filter(([header]) => !countHeaders.has(header)));
    const { address, declaration } = routeToQueue(queue);
    const message = {
      ...address,
      headers: kept,
      properties: { ...properties, userId: undefined },
      body,
      mandatory: true,
    };
    const outcome = await publisher.send({ message, declaration });
    const latest = this.#copied.get(name) ?? delivery; // it may have come again while the connection was away
    this.#copied.delete(name);
    if (outcome.kind === 'sent') settleOnce(latest, acknowledge);
    else if (outcome.kind === 'refused') {
      logger.warn({ queue, reason: outcome.error.message }, 'message that came again often has no copy');
      if (this.#isWanted({ delivery: latest })) orElse(latest);
    }
  }

  #isWanted({ delivery }: Pick<ReceivedTask, 'delivery'>): boolean {
    return !delivery.isLost && !this.#stopping.signal.aborted;
  }

  /** Lets {@link close} wait for it, and nothing else. */
  #track(promise: Promise<void>): void {
    void this.#tracked(promise);
  }

  #tracked(promise: Promise<void>): Promise<void> {
    const tracked = promise
      .catch((error: unknown) => {
        this.#options.logger.error(
          { reason: coerceError(error).message },
          'task that came again not handled',
        );
      })
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
    return tracked;
  }
}

/** What a quorum queue says of deliveries; a copy has had none. */
const countHeaders = new Set(['x-delivery-count', 'x-acquired-count']);
