import type { Delivery, Headers, MessageProperties } from '@celeriac/amqp-transport';
import { IllegalStateError } from '@celeriac/primitives';
import type { QueuedMessage } from './in-memory-message.ts';
import type { InMemoryQueue } from './in-memory-queue.ts';

/** What a delivery tells its channel. */
export interface SettlementChannel {
  readonly isVoid: boolean;
  settle(delivery: InMemoryDelivery, outcome: 'ack' | 'requeue' | 'reject'): void;
}

export interface InMemoryDeliveryOptions {
  readonly queued: QueuedMessage;
  readonly queue: InMemoryQueue;
  readonly deliveryTag: number;
  readonly channel: SettlementChannel;
}

/** A delivery of an in-memory consumer; it keeps the rules of the real one, double settling included. */
export class InMemoryDelivery implements Delivery {
  readonly queued: QueuedMessage;
  readonly from: InMemoryQueue;
  readonly deliveryTag: number;
  readonly #channel: SettlementChannel;
  #isSettled = false;

  constructor(options: InMemoryDeliveryOptions) {
    this.queued = options.queued;
    this.from = options.queue;
    this.deliveryTag = options.deliveryTag;
    this.#channel = options.channel;
  }

  get body(): Buffer {
    return this.queued.message.body;
  }

  get headers(): Headers {
    return this.queued.message.headers;
  }

  get properties(): MessageProperties {
    return this.queued.message.properties;
  }

  get bytes(): number {
    return this.body.length;
  }

  get damage(): Error | undefined {
    return this.queued.message.damage;
  }

  get exchange(): string {
    return this.queued.message.exchange;
  }

  get routingKey(): string {
    return this.queued.message.routingKey;
  }

  get redelivered(): boolean {
    return this.queued.redelivered;
  }

  get queue(): string {
    return this.from.name;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  get isLost(): boolean {
    return this.#channel.isVoid;
  }

  ack(): void {
    this.#settle('ack');
  }

  reject(options: { readonly requeue: boolean }): void {
    this.#settle(options.requeue ? 'requeue' : 'reject');
  }

  #settle(outcome: 'ack' | 'requeue' | 'reject'): void {
    if (this.#isSettled)
      throw new IllegalStateError(
        `delivery ${this.deliveryTag} of queue ${this.queue} has been settled before`,
      );
    this.#isSettled = true;
    if (!this.#channel.isVoid) this.#channel.settle(this, outcome);
  }
}
