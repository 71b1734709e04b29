import type { ProxiedFrame } from '@celeriac/testing';

/** The deliveries on the last connection that consumed through a proxy that have not been settled, by its frames. */
export class UnsettledDeliveries {
  #connection = 0;
  readonly #tags = new Set<number>();

  get count(): number {
    return this.#tags.size;
  }

  /** To be told of every frame of the proxy. */
  heard({ connection, method, direction, deliveryTag = 0, multiple, part }: ProxiedFrame): void {
    if (method === 'basic.consume-ok') this.#consuming(connection);
    if (connection !== this.#connection || part !== 'method') return;
    if (method === 'basic.deliver') this.#tags.add(deliveryTag);
    if (direction === 'to-client') return; // what the broker acknowledges are messages that were published
    if (method === 'basic.ack' || method === 'basic.reject') this.#settle(deliveryTag, multiple === true);
  }

  #consuming(connection: number): void {
    if (connection === this.#connection) return;
    this.#connection = connection; // what the one before had is back in its queue
    this.#tags.clear();
  }

  #settle(upTo: number, multiple: boolean): void {
    for (const tag of this.#tags) if (tag === upTo || (multiple && tag < upTo)) this.#tags.delete(tag);
  }
}
