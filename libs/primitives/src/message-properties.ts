/** AMQP basic properties except the headers, which travel beside them. An absent property is absent on the wire. */
export interface MessageProperties {
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  /** 1 transient, 2 persistent. */
  readonly deliveryMode?: number | undefined;
  readonly priority?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  /** Time to live, a decimal string of milliseconds. */
  readonly expiration?: string | undefined;
  readonly messageId?: string | undefined;
  /** Seconds since the Unix epoch. */
  readonly timestamp?: number | undefined;
  readonly type?: string | undefined;
  readonly userId?: string | undefined;
  readonly appId?: string | undefined;
}

/** A header table as plain JavaScript values. */
export type Headers = Readonly<Record<string, unknown>>;
