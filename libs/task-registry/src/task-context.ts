import type { Logger } from '@celeriac/primitives';

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
}

/** What a bound task gets before its arguments; see {@link bound}. The worker builds each part when it is first read. */
export interface TaskContext {
  readonly request: TaskContextRequest;
  /** Writes lines that carry the task's id and name. */
  readonly logger: Logger;
  /** Aborted when the task should stop: at its time limit, when it is revoked, at a cold shutdown. */
  readonly signal: AbortSignal;
}
