import type { Job, RunMessage, RunReport } from './pool-messages.ts';

/** How a thread or process ended. */
export interface ChildEnd {
  /** In billiard's words: `signal 9 (SIGKILL)`, `exitcode 1`. */
  readonly status: string;
  /** What it did not catch, where that is known. */
  readonly error?: unknown;
}

/** A thread or process of a pool, as the worker has it. */
export interface ChildHandle {
  readonly pid: number;
  /** Resolves when the tasks are loaded; does not settle when it ends before. @throws ImproperlyConfiguredError */
  readonly ready: Promise<void>;
  /** Resolves once it is gone and everything that it said has been heard. */
  readonly ended: Promise<ChildEnd>;
  /** Runs a task; one at a time. Does not settle when the child ends first. */
  run(job: Job, onMessage: (message: RunMessage) => void): Promise<RunReport>;
  abort(job: number, reason: Error): void;
  /** Ends it as soon as it does nothing. */
  retire(): void;
  /** Ends it at once. */
  kill(): void;
}
