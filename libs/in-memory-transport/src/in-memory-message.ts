import type { Headers, MessageProperties, PublishMessage } from '@celeriac/amqp-transport';

/** A message as an in-memory broker holds it. */
export interface InMemoryMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: MessageProperties;
  readonly headers: Headers;
  readonly body: Buffer;
  /** Makes the delivery one whose headers could not be read. */
  readonly damage?: Error | undefined;
}

/** A message in a queue. */
export interface QueuedMessage {
  readonly message: InMemoryMessage;
  /** Its place in the queue; a message that comes back takes the same place. */
  readonly sequence: number;
  readonly redelivered: boolean;
}

/**
 * The message as it would arrive: a copy, so that nothing is shared by reference, with the values that AMQP would hand
 * out (numbers for objects that stand for a number, whole seconds for dates, no `undefined`).
 *
 * @throws TypeError for a header that no AMQP field type can carry
 */
export function overTheWire(message: PublishMessage): InMemoryMessage {
  const { exchange, routingKey, properties, headers, body } = message;
  return {
    exchange,
    routingKey,
    properties: Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)),
    headers: copyTable(headers),
    body: Buffer.from(body),
  };
}

function copyTable(table: Headers): Record<string, unknown> {
  const entries = Object.entries(table).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, copyField(value, name)]));
}

function copyField(value: unknown, name: string): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`header ${name} is a ${typeof value}, which no AMQP field type can carry`);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: unknown) => copyField(item, name));
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (value instanceof Date) return new Date(Math.floor(value.getTime() / 1000) * 1000);
  const primitive: unknown = typeof value.valueOf === 'function' ? value.valueOf() : value;
  return typeof primitive === 'number' ? primitive : copyTable(value as Headers);
}
