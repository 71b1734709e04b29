import type { Delivery } from '@celeriac/amqp-transport';
import type { Logger, LogFields } from '@celeriac/primitives';
import type { DeliveryInfo, TaskContext, TaskContextRequest } from '@celeriac/task-registry';
import type { ReceivedTask } from './received-task.ts';

export interface RunContextOptions {
  readonly nodeName: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** The context of one run, for bound tasks; each part is built when it is first read. */
export class RunContext implements TaskContext {
  readonly #received: ReceivedTask;
  readonly #options: RunContextOptions;
  #request: TaskContextRequest | undefined;
  #logger: Logger | undefined;

  constructor(received: ReceivedTask, options: RunContextOptions) {
    this.#received = received;
    this.#options = options;
  }

  get request(): TaskContextRequest {
    this.#request ??= contextRequest(this.#received, this.#options.nodeName);
    return this.#request;
  }

  get logger(): Logger {
    const { id, name } = this.#received.opened;
    this.#logger ??= withFields(this.#options.logger, { taskId: id, task: name });
    return this.#logger;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }
}

function contextRequest(received: ReceivedTask, nodeName: string): TaskContextRequest {
  const { request, body, delivery } = received;
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
    deliveryInfo: deliveryInfo(delivery),
    hostname: nodeName,
  };
}

function deliveryInfo(delivery: Delivery): DeliveryInfo {
  const { exchange, routingKey, redelivered, properties } = delivery;
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
