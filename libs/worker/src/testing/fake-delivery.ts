import type { Delivery, Headers, MessageProperties } from '@celeriac/amqp-transport';
import { IllegalStateError } from '@celeriac/primitives';

/** How a delivery was settled. */
export type Settlement = 'ack' | 'reject' | 'requeue';

/** What a {@link FakeDelivery} is made of; everything has a default. */
export interface FakeDeliveryFields {
  readonly body?: Buffer;
  readonly headers?: Headers;
  readonly properties?: MessageProperties;
  readonly damage?: Error;
  readonly redelivered?: boolean;
  readonly exchange?: string;
  readonly routingKey?: string;
}

/** A delivery that remembers how it was settled; like a real one it can be settled once. */
export class FakeDelivery implements Delivery {
  readonly body: Buffer;
  readonly headers: Headers;
  readonly properties: MessageProperties;
  readonly damage: Error | undefined;
  readonly redelivered: boolean;
  readonly exchange: string;
  readonly routingKey: string;
  readonly queue = 'shop';
  readonly deliveryTag = 1;
  /** A spec sets it to play the loss of the channel. */
  isLost = false;
  /** undefined while it is unsettled, or when it was settled on a channel that was gone. */
  settlement: Settlement | undefined;
  isSettled = false;

  constructor(fields: FakeDeliveryFields = {}) {
    this.body = fields.body ?? Buffer.alloc(0);
    this.headers = fields.headers ?? {};
    this.properties = fields.properties ?? {};
    this.damage = fields.damage;
    this.redelivered = fields.redelivered ?? false;
    this.exchange = fields.exchange ?? '';
    this.routingKey = fields.routingKey ?? 'shop';
  }

  get bytes(): number {
    return this.body.length;
  }

  ack(): void {
    this.#settle('ack');
  }

  reject({ requeue }: { readonly requeue: boolean }): void {
    this.#settle(requeue ? 'requeue' : 'reject');
  }

  #settle(settlement: Settlement): void {
    if (this.isSettled) throw new IllegalStateError('the delivery has been settled before');
    this.isSettled = true;
    if (!this.isLost) this.settlement = settlement;
  }
}
