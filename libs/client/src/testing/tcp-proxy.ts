import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a broker that a spec can cut and restore, while the broker and its other clients notice nothing. */
export class TcpProxy {
  /** The broker's URL, by way of this proxy. */
  readonly url: string;
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(brokerUrl: string, server: Server) {
    const { hostname, port } = new URL(brokerUrl);
    this.#target = { host: hostname, port: Number(port) || 5672 };
    this.#server = server;
    const url = new URL(brokerUrl);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as AddressInfo).port);
    this.url = url.href;
    server.on('connection', (client: Socket) => {
      this.#join(client);
    });
  }

  static async open(brokerUrl: string): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(brokerUrl, server);
  }

  /** How many connections go through. */
  get connectionCount(): number {
    return this.#sockets.size / 2;
  }

  /** Breaks all connections; new ones are broken too, until `restore`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    if (this.#isCut) {
      client.destroy();
      return;
    }
    const broker = connect(this.#target);
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined); // 'close' follows and does the work
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
