import type { DeliveryInfo } from '@celeriac/task-registry';
import type { IncomingMessage } from '@celeriac/protocol';

/** A task as it goes to a thread or process: its message as it came, which is read again there. */
export interface PoolTask {
  readonly id: string;
  readonly message: IncomingMessage;
  readonly deliveryInfo: DeliveryInfo;
  /** Whether anybody is told what it returns; when not, it may return what cannot be written, and null is what is given. */
  readonly isResultWanted: boolean;
}

/** What a run tells while it runs. */
export interface PoolRunEvents {
  /** The task asked for a state of its own. */
  onUpdateState(state: string, meta: unknown): void;
}

/** One run in a thread or process. */
export interface PoolRun {
  /**
   * Resolves with what the task returned, numbers marked as its result's schema says (`encodeResult` was applied there).
   * Rejects with what it threw: a TaskPredicate as such, any other error as a PythonError of the same Python type,
   * arguments and traceback (as its `stack`). Rejects with a {@link WorkerLostError} when the thread or process ended
   * first, {@link PoolRun.kill} included.
   */
  readonly result: Promise<unknown>;
  /** Process id of what runs it. */
  readonly pid: number;
  /** Aborts the signal of the task's context, with this error as its reason. */
  abort(reason: Error): void;
  /** Ends the thread or process that runs it, at once; another takes its place. */
  kill(): void;
}

/** Threads or processes that run tasks, for code that computes or crashes. */
export interface ExecutionPool {
  readonly kind: 'threads' | 'processes';
  /** Starts what runs tasks; resolves when all have loaded the tasks. @throws ImproperlyConfiguredError when they cannot be loaded */
  start(): Promise<void>;
  /** Runs a task at once; the caller sees to it that no more than the concurrency run at a time. */
  run(task: PoolTask, events: PoolRunEvents): PoolRun;
  /** How many may run at a time from now on: `pool_grow` and `pool_shrink`. What runs is not ended. */
  resize(concurrency: number): void;
  /** Ends all of them, whatever they do. May be called twice. */
  close(): Promise<void>;
}
