import type { Delivery } from '@celeriac/amqp-transport';
import type { LogFields, Logger } from '@celeriac/primitives';
import type { TaskBody, TaskRequest } from '@celeriac/protocol';
import type {
  DeliveryInfo,
  RegisteredTask,
  RetryOptions,
  TaskContext,
  TaskContextRequest,
} from '@celeriac/task-registry';
import { retryOf } from './retry-of.ts';

/** What a run is about. */
export interface RunSubject {
  readonly request: TaskRequest;
  readonly body: TaskBody;
  readonly task: RegisteredTask;
  readonly delivery: Pick<Delivery, 'exchange' | 'routingKey' | 'redelivered' | 'properties'>;
}

/** What a run's context needs of whoever runs it: the worker itself, or a thread or process of its pool. */
export interface RunHost {
  readonly nodeName: string;
  readonly logger: Logger;
  /** Aborted when the run should stop. Made when it is first read. */
  readonly signal: AbortSignal;
  /** Stores a state of the task's own. */
  updateState(state: string, meta: unknown): void;
}

/** The context of one run, for bound tasks; each part is built when it is first read. */
export class RunContext implements TaskContext {
  readonly #subject: RunSubject;
  readonly #host: RunHost;
  #request: TaskContextRequest | undefined;
  #logger: Logger | undefined;

  constructor(subject: RunSubject, host: RunHost) {
    this.#subject = subject;
    this.#host = host;
  }

  get request(): TaskContextRequest {
    this.#request ??= contextRequest(this.#subject, this.#host.nodeName);
    return this.#request;
  }

  get logger(): Logger {
    const { id, name } = this.#subject.request;
    this.#logger ??= withFields(this.#host.logger, { taskId: id, task: name });
    return this.#logger;
  }

  get signal(): AbortSignal {
    return this.#host.signal;
  }

  retry(options: RetryOptions = {}): never {
    throw retryOf(this.#subject, options);
  }

  updateState(state: string, meta: unknown = null): void {
    this.#host.updateState(state, meta);
  }
}

function contextRequest({ request, body, delivery }: RunSubject, nodeName: string): TaskContextRequest {
  const { hardMs, softMs } = request.timeLimits;
  return {
    id: request.id,
    name: request.name,
    args: body.args,
    kwargs: body.kwargs,
    retries: request.retries,
    rootId: request.rootId,
    parentId: request.parentId,
    groupId: request.group,
    groupIndex: request.groupIndex,
    correlationId: request.correlationId,
    replyTo: request.replyTo,
    eta: request.eta,
    expires: request.expires,
    origin: request.origin,
    ignoreResult: request.ignoreResult ?? false,
    headers: request.headers,
    deliveryInfo: deliveryInfoOf(delivery),
    hostname: nodeName,
    timelimit: [seconds(hardMs), seconds(softMs)],
    shadow: request.shadow,
    stampedHeaders: request.stampedHeaders,
    stamps: request.stamps,
    replacedTaskNesting: request.replacedTaskNesting,
  };
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1000;
}

/** How a message reached the worker, as its task sees it. */
export function deliveryInfoOf({
  exchange,
  routingKey,
  redelivered,
  properties,
}: RunSubject['delivery']): DeliveryInfo {
  return { exchange, routingKey, redelivered, priority: properties.priority ?? 0 };
}

function withFields(logger: Logger, fields: LogFields): Logger {
  return {
    debug: (more, message) => {
      logger.debug({ ...fields, ...more }, message);
    },
    info: (more, message) => {
      logger.info({ ...fields, ...more }, message);
    },
    warn: (more, message) => {
      logger.warn({ ...fields, ...more }, message);
    },
    error: (more, message) => {
      logger.error({ ...fields, ...more }, message);
    },
  };
}
