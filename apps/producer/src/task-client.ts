/** How a call is to be sent; every member is optional, as in Celery's `apply_async`. */
export interface ApplyOptions {
  /** Seconds from now before which the task must not run. */
  readonly countdown?: number;
  /** Instant before which the task must not run. */
  readonly eta?: Date;
  /** Seconds from now, or the instant, after which the task must not run. */
  readonly expires?: Date | number;
  /** AMQP priority, 0 to 255. */
  readonly priority?: number;
  readonly taskId?: string;
  readonly queue?: string;
  /** Custom message headers; the standard ones cannot be overridden through HTTP. */
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Hard limit of the run, in seconds. */
  readonly timeLimit?: number;
  /** Soft limit of the run, in seconds. */
  readonly softTimeLimit?: number;
  readonly ignoreResult?: boolean;
}

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
  ): Promise<TaskResult>;
  /** A task that this client sent and still remembers; one whose publish was rejected is not remembered. */
  findResult(taskId: string): TaskResult | undefined;
}
