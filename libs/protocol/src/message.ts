/** AMQP basic properties of a message, apart from its headers; names as amqplib has them. */
export interface MessageProperties {
  /** MIME type of the serializer. */
  readonly contentType?: string | undefined;
  /** `utf-8` for text, `binary` otherwise. */
  readonly contentEncoding?: string | undefined;
  /** 1 transient, 2 persistent. */
  readonly deliveryMode?: number | undefined;
  /** 0 to 255. */
  readonly priority?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  /** Time to live in the queue: milliseconds, as a decimal string. */
  readonly expiration?: string | undefined;
  readonly messageId?: string | undefined;
  /** Seconds since the Unix epoch. */
  readonly timestamp?: number | undefined;
  readonly type?: string | undefined;
  readonly userId?: string | undefined;
  readonly appId?: string | undefined;
}

/** A message as the transport delivers it. */
export interface IncomingMessage {
  readonly properties: MessageProperties;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/**
 * A message as the transport takes it. Header values are plain JavaScript (string, number, boolean, null, bigint,
 * array, object, Buffer); the transport picks the AMQP types as py-amqp does.
 */
export interface OutgoingMessage {
  readonly properties: MessageProperties;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}
