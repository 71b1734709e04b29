/** What has to exist at the broker for a set of task queues. */
export interface TaskQueueTopology {
  readonly exchanges: readonly {
    readonly name: string;
    readonly type: 'direct';
    readonly durable: true;
    readonly autoDelete: false;
  }[];
  readonly queues: readonly {
    readonly name: string;
    readonly durable: true;
    readonly exclusive: false;
    readonly autoDelete: false;
  }[];
  readonly bindings: readonly {
    readonly queue: string;
    readonly exchange: string;
    readonly routingKey: string;
  }[];
}

/**
 * What Celery declares for task queues: for each a durable direct exchange of the queue's name, a durable queue, and a
 * binding with the name as routing key. Declarations must match Python's exactly, or the broker refuses them (406).
 *
 * [QUEUE-TOPOLOGY] Source: Celery 5.7.0, celery/app/amqp.py `Queues.add`; kombu 5.6.2, kombu/entity.py `Queue.declare`.
 */
export function taskQueueTopology(queues: readonly string[]): TaskQueueTopology {
  return {
    exchanges: queues.map((name) => ({ name, type: 'direct', durable: true, autoDelete: false })),
    queues: queues.map((name) => ({ name, durable: true, exclusive: false, autoDelete: false })),
    bindings: queues.map((name) => ({ queue: name, exchange: name, routingKey: name })),
  };
}
