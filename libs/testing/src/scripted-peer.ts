import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { brokerMethods, type ClientMethod } from './amqp-methods.ts';
import { PeerConnection, type PeerEvents, type Said } from './peer-connection.ts';

/**
 * What a peer does about something the client said. Returning `'handled'` keeps the peer from answering as a broker in
 * good order would; returning nothing lets it.
 */
export type PeerScript = (said: Said) => 'handled' | undefined;

/** What the client said by one method. */
export type SaidBy<M extends ClientMethod['method']> = Extract<Said, { readonly method: M }>;

export interface ScriptedPeerOptions {
  /** Heartbeat that the peer proposes and keeps, in seconds; 0 for none. Default 0. */
  readonly heartbeatSeconds?: number;
  /** Where to listen; for a peer that comes back where another one was. Default a free port. */
  readonly port?: number;
}

/**
 * An AMQP 0-9-1 server on loopback that does what a spec tells it to: closes, cuts, refuses, returns, withholds, falls
 * silent. By itself it opens connections and channels, agrees to every declaration and confirms every message; queues it
 * has none, so deliveries are the script's to send.
 *
 * @example
 * const peer = await ScriptedPeer.listen();
 * peer.script = (said) => {
 *   if (said.method !== 'basic.publish') return undefined;
 *   said.connection.nack(said);
 *   return 'handled';
 * };
 */
export class ScriptedPeer implements PeerEvents {
  /** Asked about everything the client says; a spec may set another one at any time. */
  script: PeerScript = () => undefined;
  readonly #options: ScriptedPeerOptions;
  readonly #server: Server;
  readonly #said: Said[] = [];
  readonly #connections: PeerConnection[] = [];
  #consumerCount = 0;

  private constructor(options: ScriptedPeerOptions) {
    this.#options = options;
    // half-open: a client that only ends its side, and waits for ours, is seen to leak its socket
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#connections.push(new PeerConnection(this.#connections.length + 1, socket, this));
    });
  }

  static async listen(options: ScriptedPeerOptions = {}): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer(options);
    peer.#server.listen(options.port ?? 0, '127.0.0.1');
    await once(peer.#server, 'listening');
    return peer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  /** Every connection so far, in order; closed ones too. */
  get connections(): readonly PeerConnection[] {
    return this.#connections;
  }

  get openConnections(): readonly PeerConnection[] {
    return this.#connections.filter(({ isOpen }) => isOpen);
  }

  /** Everything that clients have said, in order. */
  get said(): readonly Said[] {
    return this.#said;
  }

  /** Everything that clients have said by one method, in order. */
  saidBy<M extends ClientMethod['method']>(method: M): SaidBy<M>[] {
    return this.#said.filter((each): each is SaidBy<M> => each.method === method);
  }

  /** Cuts all connections and stops listening. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.openConnections) connection.cut();
    await closed;
  }

  /** Called by the connections. */
  heard(said: Said): void {
    this.#said.push(said);
    if (this.script(said) !== 'handled') this.#answer(said);
  }

  /** What a broker in good order answers. */
  #answer(said: Said): void {
    const { connection, channel } = said;
    switch (said.method) {
      case 'connection.start-ok':
        connection.say(0, brokerMethods.tune(this.#options.heartbeatSeconds ?? 0));
        break;
      case 'connection.open':
        connection.say(0, brokerMethods.openOk());
        connection.startHeartbeats(this.#options.heartbeatSeconds ?? 0);
        break;
      case 'connection.close':
        connection.say(0, brokerMethods.connectionCloseOk());
        break;
      case 'channel.open':
        connection.say(channel, brokerMethods.channelOpenOk());
        break;
      case 'channel.close':
        connection.say(channel, brokerMethods.channelCloseOk());
        break;
      case 'exchange.declare':
        connection.say(channel, brokerMethods.exchangeDeclareOk());
        break;
      case 'queue.declare':
        connection.say(channel, brokerMethods.queueDeclareOk(said.queue));
        break;
      case 'queue.bind':
        connection.say(channel, brokerMethods.queueBindOk());
        break;
      case 'queue.delete':
        connection.say(channel, brokerMethods.queueDeleteOk());
        break;
      case 'basic.qos':
        connection.say(channel, brokerMethods.qosOk());
        break;
      case 'basic.consume':
        connection.say(channel, brokerMethods.consumeOk(`${said.queue}#${++this.#consumerCount}`));
        break;
      case 'basic.cancel':
        connection.say(channel, brokerMethods.cancelOk(said.consumerTag));
        break;
      case 'confirm.select':
        connection.say(channel, brokerMethods.selectOk());
        break;
      case 'basic.publish':
        if (said.confirmTag > 0) connection.confirm(said);
        break;
      case 'connection.tune-ok':
      case 'connection.close-ok':
      case 'channel.close-ok':
      case 'basic.ack':
      case 'basic.reject':
        break; // these have no answer
    }
  }
}
