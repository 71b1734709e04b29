import type { Channel } from 'amqplib';

/** Optional arguments such as `x-expires`. Numbers are integers. */
export type DeclarationArguments = Readonly<Record<string, string | number | boolean>>;

export interface ExchangeDeclaration {
  readonly name: string;
  readonly type: 'direct' | 'topic' | 'fanout' | 'headers';
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly arguments?: DeclarationArguments;
}

export interface QueueDeclaration {
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments?: DeclarationArguments;
}

export interface Binding {
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string;
}

/** What has to exist at the broker before a queue can be consumed or published to. */
export interface Topology {
  readonly exchanges: readonly ExchangeDeclaration[];
  readonly queues: readonly QueueDeclaration[];
  readonly bindings: readonly Binding[];
}

/**
 * Declares exchanges, then queues, then bindings. Declaring what exists already changes nothing; declaring it with other
 * properties is refused by the broker (406), which closes the channel.
 */
export async function declareTopology(channel: Channel, topology: Topology): Promise<void> {
  for (const exchange of topology.exchanges) {
    await channel.assertExchange(exchange.name, exchange.type, {
      durable: exchange.durable,
      autoDelete: exchange.autoDelete,
      arguments: typedArguments(exchange.arguments),
    });
  }
  for (const queue of topology.queues) {
    await channel.assertQueue(queue.name, {
      durable: queue.durable,
      exclusive: queue.exclusive,
      autoDelete: queue.autoDelete,
      arguments: typedArguments(queue.arguments),
    });
  }
  for (const binding of topology.bindings) {
    await channel.bindQueue(binding.queue, binding.exchange, binding.routingKey);
  }
}

/**
 * The arguments in amqplib's notation for typed fields: integers as `I` or `l`, as py-amqp writes them, where amqplib
 * would take the smallest type that fits.
 */
function typedArguments(given: DeclarationArguments = {}): Record<string, unknown> {
  const typed = Object.entries(given).map(([name, value]) => {
    if (typeof value !== 'number') return [name, value];
    return [name, { '!': value > 0x7fffffff ? 'long' : 'int', value }];
  });
  return Object.fromEntries(typed) as Record<string, unknown>;
}
