import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Where a proxy forwards to. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/** A TCP proxy on loopback between a program and a real broker, to cut their connections when a spec wants it. */
export class FaultProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #connectionCount = 0;
  #isAccepting = true;

  private constructor(target: ProxyTarget) {
    this.#server = createServer((client) => {
      this.#connectionCount++;
      if (!this.#isAccepting) {
        client.destroy();
        return;
      }
      const broker = connect(target.port, target.host);
      this.#track(client, broker);
      this.#track(broker, client);
    });
  }

  static async listen(target: ProxyTarget): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
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

  /** Cuts every connection, without a word to either side. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Cuts every connection and refuses new ones until {@link restore}. */
  partition(): void {
    this.#isAccepting = false;
    this.cut();
  }

  restore(): void {
    this.#isAccepting = true;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #track(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.pipe(to);
    from.on('error', () => undefined); // a reset is an end like any other
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
