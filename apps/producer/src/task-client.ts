import type { ApplyOptions } from '@celeriac/client';

/** Why a task failed, as its worker told it. */
export interface TaskFailure {
  readonly excType: string;
  readonly excModule: string;
  /** What Python's `str(exc)` shows. */
  readonly message: string;
  readonly traceback: string | null;
}

/** What is known of a task that was sent. */
export interface TaskResult {
  readonly id: string;
  /** Name of the task. */
  readonly name: string;
  /** `PENDING`, `STARTED`, `SUCCESS`, `FAILURE`, … */
  readonly state: string;
  /** True once the state is final. */
  readonly isReady: boolean;
  /** The returned value; meaningful when the state is `SUCCESS`. */
  readonly result: unknown;
  readonly error: TaskFailure | undefined;
  /**
   * Waits until the task is ready, at most `timeoutMs`, or until `signal` is aborted.
   *
   * @returns whether the task is ready; neither a failed task nor a timeout rejects
   */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
}

/** What becomes of the result of a call. */
export interface CallForm {
  /** When false, the result is neither received nor kept, though the message asks for it. Default true. */
  readonly keepResult?: boolean;
}

/** All that the HTTP server needs of a Celery client; `@celeriac/client` satisfies it. */
export interface TaskClient {
  /** Whether the broker can be reached now. */
  readonly isConnected: boolean;
  /**
   * Publishes one call; resolves after the broker's confirm.
   *
   * @throws CeleryError `ERR_PUBLISH_*`, `ERR_CONNECTION_*` or `ERR_CHANNEL_CLOSED` when the broker did not confirm it
   */
  sendTask(
    name: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
    options?: ApplyOptions,
    form?: CallForm,
  ): Promise<TaskResult>;
  /** A task that this client sent and still remembers; one whose publish was rejected is not remembered. */
  findResult(taskId: string): TaskResult | undefined;
  /** Drops the result of a task before its time. */
  forgetResult(taskId: string): void;
}
