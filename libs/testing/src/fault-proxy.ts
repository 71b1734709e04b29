import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { FaultPlan } from './frame-fault.ts';
import type { Passage } from './frame-relay.ts';
import { InjectedFault } from './injected-fault.ts';
import { ProxiedConnection } from './proxied-connection.ts';
import type { Direction, ProxiedFrame } from './proxied-frame.ts';
import { refusalOf, type RefusingBroker } from './rabbitmq-refusals.ts';

/** Where a proxy forwards to. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

export interface FaultProxyOptions {
  /** Refuses what this broker refuses, see {@link refusalOf}. Default: nothing. */
  readonly refusals?: RefusingBroker;
  /** Told of each frame before any fault, in order. */
  readonly onFrame?: (frame: ProxiedFrame) => void;
}

/**
 * A proxy on loopback between a program and a real broker, which understands AMQP frames: it cuts connections at any byte
 * of a message, delays, corrupts and withholds, when a spec wants it. Not for TLS.
 *
 * @example
 * const cut = proxy.inject({
 *   on: { direction: 'to-broker', method: 'basic.publish', routingKey: 'addition' },
 *   fault: { kind: 'cut', afterBytes: 17 },
 * });
 * await cut.done;
 */
export class FaultProxy {
  readonly #server: Server;
  readonly #options: FaultProxyOptions;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #faults = new Set<InjectedFault>();
  readonly #held = new Set<Direction>();
  #connectionCount = 0;
  #isAccepting = true;

  private constructor(target: ProxyTarget, options: FaultProxyOptions) {
    this.#options = options;
    // half-open: how a side ends is the other side's business
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      this.#join(client, target);
    });
  }

  static async listen(target: ProxyTarget, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, options);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections there have been. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** The numbers of the connections that there are. */
  get openConnections(): readonly number[] {
    return [...this.#connections].map(({ number }) => number);
  }

  /** Has a fault wait for its frame. Several may wait; each frame goes through them in their order. */
  inject(plan: FaultPlan): InjectedFault {
    const fault = new InjectedFault(plan, (ended) => this.#faults.delete(ended));
    this.#faults.add(fault);
    return fault;
  }

  /** Cuts every connection, without a word to either side. */
  cut(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** Cuts every connection and refuses new ones until {@link restore}. */
  partition(): void {
    this.#isAccepting = false;
    this.cut();
  }

  /**
   * Forwards nothing until {@link restore}, while sockets stay open, as when packets are dropped: neither side learns of
   * anything that the other one says or does, its end included. New connections are taken, and get no answer. What was
   * withheld arrives after the restoration, as TCP would see to, where its connection is still there.
   */
  blackhole(direction: Direction | 'both' = 'both'): void {
    const directions: readonly Direction[] = direction === 'both' ? ['to-broker', 'to-client'] : [direction];
    for (const each of directions) this.#held.add(each);
    for (const connection of this.#connections) this.#hold(connection);
  }

  /**
   * Says a method of `brokerMethods` to a client in the broker's name, on channel 0: `connection.blocked`, say.
   *
   * @throws Error when that connection is gone
   */
  tell(connection: number, payload: Buffer): void {
    const told = [...this.#connections].find(({ number }) => number === connection);
    if (told === undefined)
      throw new Error(`connection ${String(connection)} is gone; it cannot be told anything`);
    told.tell(payload);
  }

  /** Ends partition and blackhole. Faults that wait go on waiting. */
  restore(): void {
    this.#isAccepting = true;
    this.#held.clear();
    for (const connection of this.#connections) connection.release();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #join(client: Socket, target: ProxyTarget): void {
    this.#connectionCount++;
    if (!this.#isAccepting) {
      client.destroy();
      return;
    }
    const connection = new ProxiedConnection(this.#connectionCount, client, target, {
      pass: (frame) => this.#pass(frame),
      refusalOf: (frame) => (this.#options.refusals === undefined ? undefined : refusalOf(frame)),
      closed: (ended) => this.#connections.delete(ended),
    });
    this.#connections.add(connection);
    this.#hold(connection);
  }

  #hold(connection: ProxiedConnection): void {
    for (const direction of this.#held) connection.hold(direction);
  }

  #pass(frame: ProxiedFrame): Passage {
    this.#options.onFrame?.(frame);
    let passage: Passage = { kind: 'forward', bytes: frame.bytes, delayMs: 0 };
    for (const fault of [...this.#faults]) {
      passage = fault.apply(frame, passage, (direction) => {
        this.blackhole(direction);
      });
    }
    return passage;
  }
}
