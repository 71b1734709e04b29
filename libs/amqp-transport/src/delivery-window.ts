/**
 * The unsettled deliveries of one channel, and how they are settled: each once, on the channel that delivered it.
 *
 * Acknowledgements are collected and sent once a turn of the event loop: the finished prefix of delivery tags with one
 * `basic.ack` `multiple`, whatever finished out of order beyond it one by one. Rejections are sent at once. The broker
 * gives out at most `prefetch_count` messages beyond what is settled, so nothing may wait longer than a turn.
 *
 * A tag that was rejected, or acknowledged alone, is no longer known to the broker: acknowledging `multiple` up to such
 * a tag is a channel error (406 unknown delivery tag). So the prefix is acknowledged up to the last tag in it that is
 * still to be acknowledged.
 */
export interface SettlementChannel {
  ack(deliveryTag: number, multiple: boolean): void;
  reject(deliveryTag: number, requeue: boolean): void;
}

export class DeliveryWindow {
  readonly #channel: SettlementChannel;
  /** Settled tags beyond the prefix; true while an acknowledgement is still to be sent. */
  readonly #beyond = new Map<number, boolean>();
  #lowestUnsettled = 1;
  /** Last tag of the prefix that is to be acknowledged and has not been; 0 for none. */
  #acknowledgeUpTo = 0;
  #isFlushScheduled = false;
  #isVoid = false;

  constructor(channel: SettlementChannel) {
    this.#channel = channel;
  }

  /** True once the channel is gone: settling does nothing any more, the broker has taken the messages back. */
  get isVoid(): boolean {
    return this.#isVoid;
  }

  /** Acknowledges at the end of this turn. */
  ack(deliveryTag: number): void {
    if (this.#isVoid) return;
    this.#settle(deliveryTag, true);
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => {
      this.flush();
    });
  }

  /** Rejects at once; without `requeue` the broker dead-letters or drops the message. */
  reject(deliveryTag: number, requeue: boolean): void {
    if (this.#isVoid) return;
    this.#settle(deliveryTag, false);
    this.#channel.reject(deliveryTag, requeue);
  }

  /** Sends the acknowledgements that are due. */
  flush(): void {
    this.#isFlushScheduled = false;
    if (this.#isVoid) return;
    if (this.#acknowledgeUpTo > 0) {
      this.#channel.ack(this.#acknowledgeUpTo, true);
      this.#acknowledgeUpTo = 0;
    }
    for (const [deliveryTag, isDue] of this.#beyond) {
      if (!isDue) continue;
      this.#channel.ack(deliveryTag, false);
      this.#beyond.set(deliveryTag, false);
    }
  }

  /** The channel is gone. A tag of it must never be used again. */
  invalidate(): void {
    this.#isVoid = true;
  }

  #settle(deliveryTag: number, acknowledge: boolean): void {
    if (deliveryTag !== this.#lowestUnsettled) {
      this.#beyond.set(deliveryTag, acknowledge);
      return;
    }
    if (acknowledge) this.#acknowledgeUpTo = deliveryTag;
    this.#lowestUnsettled++;
    if (this.#beyond.size > 0) this.#extendPrefix();
  }

  #extendPrefix(): void {
    for (;;) {
      const isDue = this.#beyond.get(this.#lowestUnsettled);
      if (isDue === undefined) return;
      if (isDue) this.#acknowledgeUpTo = this.#lowestUnsettled;
      this.#beyond.delete(this.#lowestUnsettled);
      this.#lowestUnsettled++;
    }
  }
}
