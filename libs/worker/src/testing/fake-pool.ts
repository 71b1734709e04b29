import type { ExecutionPool, PoolRun, PoolRunEvents, PoolTask } from '../pools/execution-pool.ts';
import { WorkerLostError } from '../pools/worker-lost-error.ts';

/** Process id that a {@link FakePool} tells. */
export const fakePid = 4711;

/** A run in a {@link FakePool}, which the spec ends. */
export class FakePoolRun implements PoolRun {
  readonly task: PoolTask;
  readonly events: PoolRunEvents;
  readonly pid = fakePid;
  readonly result: Promise<unknown>;
  /** Reasons with which the task's signal was aborted. */
  readonly aborts: Error[] = [];
  killCount = 0;
  /** Called for each kill. Default: the run is lost, as it is with a real thread or process. */
  onKill: () => void = () => {
    this.lose();
  };
  #resolve: (value: unknown) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(task: PoolTask, events: PoolRunEvents) {
    this.task = task;
    this.events = events;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  finish(value: unknown): void {
    this.#resolve(value);
  }

  fail(error: Error): void {
    this.#reject(error);
  }

  /** Its thread or process ends before the task does. */
  lose(): void {
    this.#reject(new WorkerLostError('signal 9 (SIGKILL)', 58));
  }

  abort(reason: Error): void {
    this.aborts.push(reason);
  }

  kill(): void {
    this.killCount++;
    this.onKill();
  }
}

/** A pool without threads and processes: its runs go on until the spec ends them. */
export class FakePool implements ExecutionPool {
  readonly kind = 'processes';
  /** All runs so far, in order. */
  readonly runs: FakePoolRun[] = [];
  /** What {@link resize} was told, in order. */
  readonly sizes: number[] = [];
  readonly #onRun: (run: FakePoolRun) => void;

  /** @param onRun - called for each run when it begins */
  constructor(onRun: (run: FakePoolRun) => void = () => undefined) {
    this.#onRun = onRun;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  run(task: PoolTask, events: PoolRunEvents): PoolRun {
    const run = new FakePoolRun(task, events);
    this.runs.push(run);
    this.#onRun(run);
    return run;
  }

  resize(concurrency: number): void {
    this.sizes.push(concurrency);
  }

  close(): Promise<void> {
    for (const run of this.runs) run.lose();
    return Promise.resolve();
  }
}
