import type { Headers, MessageProperties } from '@celeriac/primitives';

/** A message as the transport delivers it. */
export interface IncomingMessage {
  readonly properties: MessageProperties;
  readonly headers: Headers;
  readonly body: Buffer;
}

/**
 * A message as the transport takes it. Header values are plain JavaScript (string, number, boolean, null, bigint,
 * array, object, Buffer); the transport picks the AMQP types as py-amqp does.
 */
export interface OutgoingMessage {
  readonly properties: MessageProperties;
  readonly headers: Headers;
  readonly body: Buffer;
}
