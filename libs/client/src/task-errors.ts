import { CeleryError } from '@celeriac/primitives';
import type { RemoteException } from '@celeriac/protocol';

/**
 * A task failed where it ran. Carries the exception as Python names it; a TypeScript worker's errors come the same way.
 */
export class RemoteTaskError extends CeleryError {
  readonly taskId: string;
  /** Class name, such as `ValueError`. */
  readonly excType: string;
  /** Module of the class, such as `builtins`. */
  readonly excModule: string;
  /** The exception's arguments. */
  readonly excArgs: readonly unknown[];
  /** Traceback text of the worker; null when it sent none. */
  readonly traceback: string | null;

  constructor(taskId: string, exception: RemoteException, traceback: string | null) {
    super('ERR_REMOTE_TASK', exception.message === '' ? exception.excType : exception.message);
    this.taskId = taskId;
    this.excType = exception.excType;
    this.excModule = exception.excModule;
    this.excArgs = exception.excArgs;
    this.traceback = traceback;
  }
}

/** A task was revoked, or expired before a worker could start it. */
export class TaskRevokedError extends CeleryError {
  readonly taskId: string;
  /** `expired`, `revoked` or `terminated`. */
  readonly reason: string;

  constructor(taskId: string, reason: string) {
    super('ERR_TASK_REVOKED', `task ${taskId} was revoked: ${reason}`);
    this.taskId = taskId;
    this.reason = reason;
  }
}

/** No final state came in time. The task itself goes on; the result can still be waited for. */
export class TaskTimeoutError extends CeleryError {
  readonly taskId: string;
  readonly timeoutMs: number;

  constructor(taskId: string, timeoutMs: number) {
    super('ERR_TASK_TIMEOUT', `task ${taskId} has not ended within ${timeoutMs} ms`);
    this.taskId = taskId;
    this.timeoutMs = timeoutMs;
  }
}

/** A result cannot be had: it is not stored, or was given up to keep memory bounded. */
export class BackendError extends CeleryError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_BACKEND', message, options);
  }
}

/** A call's arguments do not fit the task's declaration; nothing has been sent. */
export class InvalidArgumentsError extends CeleryError {
  /** Where and what: paths such as `/args/0/num_1`. */
  readonly problems: readonly { readonly path: string; readonly message: string }[];

  constructor(task: string, problems: readonly { readonly path: string; readonly message: string }[]) {
    super(
      'ERR_INVALID_TASK',
      `${task}: ${problems.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
    );
    this.problems = problems;
  }
}
