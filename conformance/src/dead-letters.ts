import type { Topology, Transport } from '@celeriac/amqp-transport';

/** Name of the exchange, and of the queue behind it, where a queue's rejected messages go. */
export function deadLetterQueue(queue: string): string {
  return `${queue}.dead`;
}

/** A transport whose consumed queues dead-letter; all else is the inner transport's. */
export function withDeadLetters(inner: Transport): Transport {
  return {
    get isConnected() {
      return inner.isConnected;
    },
    consume: (options) => inner.consume({ ...options, topology: deadLettering(options.topology) }),
    publisher: (options) => inner.publisher(options),
    declare: (topology) => inner.declare(topology),
    close: () => inner.close(),
  };
}

function deadLettering(topology: Topology): Topology {
  return {
    ...topology,
    queues: topology.queues.map((queue) => ({
      ...queue,
      arguments: { ...queue.arguments, 'x-dead-letter-exchange': deadLetterQueue(queue.name) },
    })),
  };
}
