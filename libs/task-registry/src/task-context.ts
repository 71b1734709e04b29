import type { Logger } from '@celeriac/primitives';

import type { RetryChanges } from './task-predicate.ts';

/** How a message reached the worker. */
export interface DeliveryInfo {
  readonly exchange: string;
  readonly routingKey: string;
  readonly priority: number;
  /** True when the broker has delivered the message before, to this worker or another. */
  readonly redelivered: boolean;
}

/** What a task can know of its own call, by Celery's names, as on `task.request`. */
export interface TaskContextRequest {
  readonly id: string;
  readonly name: string;
  /** Arguments as they came, before binding. */
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** How often the task has been tried before; 0 on the first run. */
  readonly retries: number;
  readonly rootId: string;
  readonly parentId: string | undefined;
  readonly groupId: string | undefined;
  readonly groupIndex: number | undefined;
  readonly correlationId: string;
  readonly replyTo: string | undefined;
  readonly eta: Date | undefined;
  readonly expires: Date | undefined;
  /** Who sent it, as in `gen4711@host`. */
  readonly origin: string | undefined;
  readonly ignoreResult: boolean;
  /** Custom headers only. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly deliveryInfo: DeliveryInfo;
  /** Node name of the worker that runs the task. */
  readonly hostname: string;
  /** Limits of this run in seconds, `[hard, soft]`, as its message gives them; null is none. */
  readonly timelimit: readonly [number | null, number | null];
  /** Name for logs and events instead of `name`. */
  readonly shadow: string | undefined;
  readonly stampedHeaders: readonly string[];
  readonly stamps: Readonly<Record<string, unknown>>;
  readonly replacedTaskNesting: number;
}

/** How a task is retried. */
export interface RetryOptions extends RetryChanges {
  /** Wait, in seconds, in steps of a millisecond. Not together with `eta`. Default the task's `defaultRetryDelay`. */
  readonly countdown?: number | undefined;
  /** Run no sooner than this. */
  readonly eta?: Date | undefined;
  /** Why: stored with the state RETRY, and thrown when the task has been tried often enough. */
  readonly exc?: unknown;
  /** Instead of the task's `maxRetries`. */
  readonly maxRetries?: number | null | undefined;
}

/** What a bound task gets before its arguments; see {@link bound}. The worker builds each part when it is first read. */
export interface TaskContext {
  readonly request: TaskContextRequest;
  /** Writes lines that carry the task's id and name. */
  readonly logger: Logger;
  /**
   * Aborted when the task should stop: at its soft time limit (the reason is a `SoftTimeLimitExceeded`), when it is
   * terminated, at a cold shutdown.
   */
  readonly signal: AbortSignal;
  /**
   * Ends this run by throwing, and has the task run again under the same id.
   *
   * @throws Retry for the worker to act upon; let it through
   * @throws whatever was given as `exc`, or a `MaxRetriesExceededError`, when the task has been tried often enough
   */
  retry(options?: RetryOptions): never;
  /**
   * Stores a state of its own for the task, such as `PROGRESS`, with anything that JSON can carry. Does nothing when
   * results are ignored.
   */
  updateState(state: string, meta?: unknown): void;
}
