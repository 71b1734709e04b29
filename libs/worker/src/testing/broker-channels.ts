import type { ProxiedFrame } from '@celeriac/testing';

/** The channels that are open at the broker through a proxy, by its frames. */
export class BrokerChannels {
  readonly #open = new Map<number, Set<number>>();

  /** To be told of every frame of the proxy. */
  heard({ connection, channel, method }: ProxiedFrame): void {
    if (method === 'channel.open-ok') this.#on(connection).add(channel);
    if (method === 'channel.close-ok') this.#on(connection).delete(channel);
  }

  /** How many there are on some connections: those that are still there. */
  count(connections: readonly number[]): number {
    return connections.reduce((sum, connection) => sum + this.#on(connection).size, 0);
  }

  #on(connection: number): Set<number> {
    const open = this.#open.get(connection) ?? new Set();
    this.#open.set(connection, open);
    return open;
  }
}
