import { resolveTaskQueue, type ExchangeType, type QueueArguments, type TaskQueue } from './task-queue.ts';

/** What has to exist at the broker for a set of task queues. */
export interface TaskQueueTopology {
  readonly exchanges: readonly {
    readonly name: string;
    readonly type: ExchangeType;
    readonly durable: boolean;
    readonly autoDelete: boolean;
    readonly arguments?: QueueArguments;
  }[];
  readonly queues: readonly {
    readonly name: string;
    readonly durable: boolean;
    readonly exclusive: boolean;
    readonly autoDelete: boolean;
    readonly arguments?: QueueArguments;
  }[];
  readonly bindings: readonly {
    readonly queue: string;
    readonly exchange: string;
    readonly routingKey: string;
    readonly arguments?: QueueArguments;
  }[];
  /** From exchange to exchange: `destination` gets what `source` routes by the key. */
  readonly exchangeBindings?: readonly {
    readonly destination: string;
    readonly source: string;
    readonly routingKey: string;
  }[];
}

/**
 * What Celery declares for task queues: for each its durable exchange, the queue, and a binding. A queue that is given by
 * its name alone is durable and has a direct exchange and a routing key of that name. Declarations must match Python's
 * exactly, or the broker refuses them (406).
 *
 * [QUEUE-TOPOLOGY] Source: Celery 5.7.0, celery/app/amqp.py `Queues.add`; kombu 5.6.2, kombu/entity.py `Queue.declare`.
 *
 * @throws ImproperlyConfiguredError naming an option of a queue that is wrong, and its value
 */
export function taskQueueTopology(queues: readonly (string | TaskQueue)[]): TaskQueueTopology {
  const declared = queues.map(resolveTaskQueue).filter(({ noDeclare }) => !noDeclare);
  const bound = declared.filter(({ exchange }) => exchange !== '');
  return {
    // those of RabbitMQ itself are there, and may not be declared
    exchanges: bound
      .filter(({ exchange }) => !exchange.startsWith('amq.'))
      .map(({ exchange, exchangeType, exchangeArguments }) => ({
        name: exchange,
        type: exchangeType,
        durable: true,
        autoDelete: false,
        ...ifAny(exchangeArguments),
      })),
    queues: declared.map(({ name, durable, exclusive, autoDelete, queueArguments }) => ({
      name,
      durable,
      exclusive,
      autoDelete,
      ...ifAny(queueArguments),
    })),
    bindings: bound.map(({ name, exchange, routingKey, bindingArguments }) => ({
      queue: name,
      exchange,
      routingKey,
      ...ifAny(bindingArguments),
    })),
  };
}

/** Several topologies as one. */
export function joinTopologies(topologies: readonly TaskQueueTopology[]): TaskQueueTopology {
  return {
    exchanges: topologies.flatMap(({ exchanges }) => exchanges),
    queues: topologies.flatMap(({ queues }) => queues),
    bindings: topologies.flatMap(({ bindings }) => bindings),
    exchangeBindings: topologies.flatMap(({ exchangeBindings = [] }) => exchangeBindings),
  };
}

function ifAny(given: QueueArguments): { readonly arguments?: QueueArguments } {
  return Object.keys(given).length === 0 ? {} : { arguments: given };
}
