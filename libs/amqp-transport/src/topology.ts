import type { Channel } from 'amqplib';

/** One argument of a declaration. */
export type DeclarationArgument =
  | string
  | number
  | boolean
  | null
  | readonly DeclarationArgument[]
  | { readonly [name: string]: DeclarationArgument };

/** Optional arguments such as `x-expires`. */
export type DeclarationArguments = Readonly<Record<string, DeclarationArgument>>;

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
  readonly arguments?: DeclarationArguments;
}

/** From one exchange to another: `destination` gets what `source` routes by the key. */
export interface ExchangeBinding {
  readonly destination: string;
  readonly source: string;
  readonly routingKey: string;
  readonly arguments?: DeclarationArguments;
}

/** What has to exist at the broker before a queue can be consumed or published to. */
export interface Topology {
  readonly exchanges: readonly ExchangeDeclaration[];
  readonly queues: readonly QueueDeclaration[];
  readonly bindings: readonly Binding[];
  readonly exchangeBindings?: readonly ExchangeBinding[];
}

/**
 * Declares exchanges, then queues, then bindings of queues and of exchanges. Declaring what exists already changes
 * nothing; declaring it with other properties is refused by the broker (406), which closes the channel.
 *
 * @throws TypeError for an argument that no broker can read, such as NaN; the message names it
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
  for (const { queue, exchange, routingKey, arguments: given } of topology.bindings) {
    await channel.bindQueue(queue, exchange, routingKey, typedArguments(given));
  }
  for (const { destination, source, routingKey, arguments: given } of topology.exchangeBindings ?? []) {
    await channel.bindExchange(destination, source, routingKey, typedArguments(given));
  }
}

/** A topology without a queue and its bindings; exchanges stay, as others may use them. */
export function withoutQueue(topology: Topology, name: string): Topology {
  return {
    ...topology,
    queues: topology.queues.filter((queue) => queue.name !== name),
    bindings: topology.bindings.filter(({ queue }) => queue !== name),
  };
}

function typedArguments(given: DeclarationArguments = {}, path = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, typedArgument(value, `${path}${name}`)]),
  );
}

/**
 * An argument in amqplib's notation for typed fields: numbers as `I`, `l` or `d`, as py-amqp writes them, where amqplib
 * would take the smallest type that fits.
 */
function typedArgument(value: DeclarationArgument, path: string): unknown {
  if (typeof value === 'number') return { '!': numberType(value, path), value };
  if (typeof value !== 'object' || value === null) return value;
  return isList(value)
    ? value.map((each, index) => typedArgument(each, `${path}[${index}]`))
    : typedArguments(value, `${path}.`);
}

function isList(value: DeclarationArgument): value is readonly DeclarationArgument[] {
  return Array.isArray(value);
}

function numberType(value: number, path: string): 'int' | 'long' | 'double' {
  // RabbitMQ cannot read it, and closes the connection with all that is under way on it
  if (!Number.isFinite(value))
    throw new TypeError(`argument ${path} is ${value}, which no broker reads; use a finite number`);
  if (!Number.isInteger(value)) return 'double';
  return value >= -0x80000000 && value <= 0x7fffffff ? 'int' : 'long';
}
