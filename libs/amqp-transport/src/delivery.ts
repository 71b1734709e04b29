import type { ConsumeMessage } from 'amqplib';
import { IllegalStateError, type Headers, type MessageProperties } from '@celeriac/primitives';
import type { ContentHeader } from './content-header.ts';
import type { DeliveryWindow } from './delivery-window.ts';

/** A message as the broker delivered it, and the one way to settle it. */
export interface Delivery {
  readonly body: Buffer;
  readonly headers: Headers;
  readonly properties: MessageProperties;
  /** Why properties or headers could not be read; such a message can only be rejected. */
  readonly damage: Error | undefined;
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly deliveryTag: number;
  /** The queue it was consumed from. */
  readonly queue: string;
  /** About what it takes in memory, body and headers, in bytes. */
  readonly bytes: number;
  /** True once it is acknowledged or rejected. */
  readonly isSettled: boolean;
  /** True when its channel is gone: the broker delivers the message again, here or elsewhere. */
  readonly isLost: boolean;

  /**
   * Acknowledges. Does nothing when the channel of the delivery is gone.
   * @throws IllegalStateError when it has been settled before
   */
  ack(): void;

  /**
   * Rejects; with `requeue` the message goes back to its queue, without it to the dead-letter exchange if there is one.
   * Does nothing when the channel of the delivery is gone.
   * @throws IllegalStateError when it has been settled before
   */
  reject(options: { readonly requeue: boolean }): void;
}

/** A delivery of an AMQP channel. */
export class ChannelDelivery implements Delivery {
  readonly #message: ConsumeMessage;
  readonly #header: ContentHeader;
  readonly #window: DeliveryWindow;
  readonly queue: string;
  isSettled = false;

  constructor(message: ConsumeMessage, queue: string, window: DeliveryWindow) {
    this.#message = message;
    this.#header = message.properties as unknown as ContentHeader; // decoded by ours, see amqplib-connection.ts
    this.#window = window;
    this.queue = queue;
  }

  get body(): Buffer {
    return this.#message.content;
  }

  get headers(): Headers {
    return this.#header.headers;
  }

  get properties(): MessageProperties {
    return this.#header.properties;
  }

  get bytes(): number {
    return this.#message.content.length + this.#header.bytes;
  }

  get damage(): Error | undefined {
    return this.#header.damage;
  }

  get exchange(): string {
    return this.#message.fields.exchange;
  }

  get routingKey(): string {
    return this.#message.fields.routingKey;
  }

  get redelivered(): boolean {
    return this.#message.fields.redelivered;
  }

  get deliveryTag(): number {
    return this.#message.fields.deliveryTag;
  }

  get isLost(): boolean {
    return this.#window.isVoid;
  }

  ack(): void {
    this.#settleOnce();
    this.#window.ack(this.deliveryTag);
  }

  reject(options: { readonly requeue: boolean }): void {
    this.#settleOnce();
    this.#window.reject(this.deliveryTag, options.requeue);
  }

  #settleOnce(): void {
    if (this.isSettled) {
      throw new IllegalStateError(
        `delivery ${this.deliveryTag} of queue ${this.queue} has been settled before`,
      );
    }
    this.isSettled = true;
  }
}
