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
  /**
   * Unsettled tags below {@link #next}, ascending: what is settled is forgotten, as one delivery may stay unsettled for
   * an hour while a million come and go.
   */
  readonly #unsettled = new Set<number>();
  /** The lowest tag that is not known to be delivered; tags are given in order, so a settled one stands for those before it. */
  #next = 1;
  /** Tags whose acknowledgement is still to be sent. */
  #due: number[] = [];
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
    this.#settle(deliveryTag);
    this.#due.push(deliveryTag);
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => {
      this.flush();
    });
  }

  /** Rejects at once; without `requeue` the broker dead-letters or drops the message. */
  reject(deliveryTag: number, requeue: boolean): void {
    if (this.#isVoid) return;
    this.#settle(deliveryTag);
    this.#channel.reject(deliveryTag, requeue);
  }

  /** Sends the acknowledgements that are due. */
  flush(): void {
    this.#isFlushScheduled = false;
    if (this.#isVoid) return;
    const due = this.#due;
    this.#due = [];
    const [lowest = this.#next] = this.#unsettled;
    const upTo = due.reduce((highest, tag) => (tag < lowest ? Math.max(highest, tag) : highest), 0);
    if (upTo > 0) this.#channel.ack(upTo, true);
    for (const tag of due) if (tag > lowest) this.#channel.ack(tag, false);
  }

  /** The channel is gone. A tag of it must never be used again. */
  invalidate(): void {
    this.#isVoid = true;
  }

  #settle(deliveryTag: number): void {
    while (this.#next < deliveryTag) this.#unsettled.add(this.#next++);
    if (deliveryTag === this.#next) this.#next++;
    else this.#unsettled.delete(deliveryTag);
  }
}
