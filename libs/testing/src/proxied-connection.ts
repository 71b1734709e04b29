import { connect, type Socket } from 'node:net';
import { encodeFrame, FRAME_METHOD, FieldWriter } from './amqp-frames.ts';
import { FrameRelay, type Passage } from './frame-relay.ts';
import type { Direction, ProxiedFrame } from './proxied-frame.ts';
import type { Refusal } from './rabbitmq-refusals.ts';

/** What a connection asks its proxy. */
export interface ProxyPolicy {
  /** Asked about each frame of either direction, in order. */
  pass(frame: ProxiedFrame): Passage;
  /** What a newer broker would say to this. */
  refusalOf(frame: ProxiedFrame): Refusal | undefined;
  /** Both sockets are gone. */
  closed(connection: ProxiedConnection): void;
}

/** One connection of a program, with the connection to the broker that belongs to it. */
export class ProxiedConnection {
  readonly number: number;
  readonly #client: Socket;
  readonly #broker: Socket;
  readonly #policy: ProxyPolicy;
  readonly #relays: readonly FrameRelay[];
  /** The proxy has closed it in the broker's name. */
  #isRefused = false;

  constructor(number: number, client: Socket, target: { host: string; port: number }, policy: ProxyPolicy) {
    this.number = number;
    this.#client = client;
    this.#policy = policy;
    this.#broker = connect({ ...target, noDelay: true, allowHalfOpen: true });
    client.setNoDelay();
    this.#follow(client, this.#broker);
    this.#follow(this.#broker, client);
    const common = { connection: number };
    this.#relays = [
      new FrameRelay({
        ...common,
        direction: 'to-broker',
        from: client,
        to: this.#broker,
        pass: (frame) => this.#fromClient(frame),
      }),
      new FrameRelay({
        ...common,
        direction: 'to-client',
        from: this.#broker,
        to: client,
        pass: (frame) => (this.#isRefused ? { kind: 'swallow' } : policy.pass(frame)),
      }),
    ];
  }

  destroy(): void {
    this.#client.destroy();
    this.#broker.destroy();
  }

  /** Says a method on channel 0 to the client, in the broker's name; relays write whole frames, so it comes between two. */
  tell(payload: Buffer): void {
    this.#client.write(encodeFrame({ type: FRAME_METHOD, channel: 0, payload }));
  }

  hold(direction: Direction | 'both'): void {
    for (const relay of this.#relays) if (direction === 'both' || relay.direction === direction) relay.hold();
  }

  release(): void {
    for (const relay of this.#relays) relay.release();
  }

  #fromClient(frame: ProxiedFrame): Passage {
    if (this.#isRefused) {
      // as a broker does: whatever comes after its connection.close is dropped, until the client agrees
      if (frame.method === 'connection.close-ok') this.#client.end();
      return { kind: 'swallow' };
    }
    const refusal = this.#policy.refusalOf(frame);
    if (refusal === undefined) return this.#policy.pass(frame);
    this.#refuse(refusal);
    return { kind: 'swallow' };
  }

  /** Closes both halves: the client's as a broker does, the broker's, and its channels with it, after what was forwarded. */
  #refuse(refusal: Refusal): void {
    this.#isRefused = true;
    this.#broker.destroySoon();
    if (refusal.kind === 'silent') {
      setTimeout(() => this.#client.resetAndDestroy(), refusal.delayMs).unref();
      return;
    }
    const { replyCode, replyText, classId, methodId } = refusal;
    const close = new FieldWriter().short(10).short(50).short(replyCode).shortString(replyText);
    this.tell(close.short(classId).short(methodId).bytes);
  }

  #follow(socket: Socket, other: Socket): void {
    socket.on('error', () => undefined); // a reset is an end like any other, and 'close' follows
    socket.on('close', (isFailed) => {
      const isAwaitingAgreement = this.#isRefused && socket === this.#broker;
      if (isFailed) other.destroy();
      else if (!isAwaitingAgreement) other.destroySoon();
      if (this.#client.destroyed && this.#broker.destroyed) this.#policy.closed(this);
    });
  }
}
