import type { Socket } from 'node:net';
import {
  encodeFrame,
  FieldWriter,
  FRAME_BODY,
  FRAME_HEADER,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
  PROTOCOL_HEADER,
} from './amqp-frames.ts';
import {
  brokerMethods,
  decodeMethod,
  type ClientMethod,
  type PublishStart,
  type ReceivedPublish,
} from './amqp-methods.ts';
import { FrameSplitter, type ProtocolHeader, type WireFrame } from './frame-splitter.ts';

/** Something a client said, with where it said it. */
export type Said = ClientMethod & {
  readonly channel: number;
  readonly connection: PeerConnection;
};

/** Told of everything the client says; what to answer is its business. */
export interface PeerEvents {
  heard(said: Said): void;
}

/** A message for a consumer. */
export interface PeerMessage {
  readonly channel: number;
  readonly consumerTag: string;
  readonly deliveryTag: number;
  readonly body: Buffer;
  /** Content header payload from the property flags on. Default no properties at all. */
  readonly properties?: Buffer;
  readonly redelivered?: boolean;
  readonly queue?: string;
}

interface PartialPublish extends PublishStart {
  contentHeader: Buffer | undefined;
  bodySize: number;
  body: Buffer[];
}

/** One client connection of a scripted peer: the broker's half of the conversation, said method by method. */
export class PeerConnection {
  readonly number: number;
  readonly #socket: Socket;
  readonly #events: PeerEvents;
  readonly #splitter = new FrameSplitter();
  readonly #publishing = new Map<number, PartialPublish>();
  /** Next confirm tag of each channel in confirm mode. */
  readonly #confirmTags = new Map<number, number>();
  #heartbeats: NodeJS.Timeout | undefined;
  #isSilent = false;
  #receiveLimit = Infinity;

  constructor(number: number, socket: Socket, events: PeerEvents) {
    this.number = number;
    this.#socket = socket;
    this.#events = events;
    socket.on('data', (bytes) => {
      this.#received(bytes);
    });
    socket.on('end', () => {
      if (!this.#isSilent) socket.end();
    });
    socket.on('error', () => undefined); // a reset by the client ends it like any other end
    socket.on('close', () => {
      clearInterval(this.#heartbeats);
    });
  }

  /** True while the socket is there. */
  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** True once the client has ended its side. */
  get isEndedByClient(): boolean {
    return this.#socket.readableEnded;
  }

  /** Says a method of {@link brokerMethods}. */
  say(channel: number, payload: Buffer): void {
    this.write(encodeFrame({ type: FRAME_METHOD, channel, payload }));
  }

  /** Says several methods in one write, so that the client reads them in one turn. */
  sayTogether(channel: number, ...payloads: readonly Buffer[]): void {
    this.write(
      Buffer.concat(payloads.map((payload) => encodeFrame({ type: FRAME_METHOD, channel, payload }))),
    );
  }

  confirm(publish: ReceivedPublish & { readonly channel: number }, multiple = false): void {
    this.say(publish.channel, brokerMethods.ack(publish.confirmTag, multiple));
  }

  nack(publish: ReceivedPublish & { readonly channel: number }): void {
    this.say(publish.channel, brokerMethods.nack(publish.confirmTag));
  }

  /** Returns a message as unroutable. The broker confirms it after that. */
  returnMessage(publish: ReceivedPublish & { readonly channel: number }): void {
    const { channel, exchange, routingKey, contentHeader, body } = publish;
    this.write(
      Buffer.concat([
        encodeFrame({
          type: FRAME_METHOD,
          channel,
          payload: brokerMethods.return(312, 'NO_ROUTE', exchange, routingKey),
        }),
        ...contentFrames(channel, contentHeader, body),
      ]),
    );
  }

  deliver(message: PeerMessage): void {
    this.write(deliveryBytes(message));
  }

  closeChannel(channel: number, code: number, text: string): void {
    this.say(channel, brokerMethods.channelClose(code, text));
  }

  close(code: number, text: string): void {
    this.say(0, brokerMethods.connectionClose(code, text));
  }

  block(reason: string): void {
    this.say(0, brokerMethods.blocked(reason));
  }

  unblock(): void {
    this.say(0, brokerMethods.unblocked());
  }

  cancelConsumer(channel: number, consumerTag: string): void {
    this.say(channel, brokerMethods.cancel(consumerTag));
  }

  /** Says nothing from now on, heartbeats included, and hears nothing; the socket stays. */
  fallSilent(): void {
    this.#isSilent = true;
    clearInterval(this.#heartbeats);
  }

  /** Cuts the socket, without a word. */
  cut(): void {
    this.#socket.destroy();
  }

  /** Cuts the socket when the client has sent this many more bytes; what goes beyond is not heard. */
  cutAfterReceiving(byteCount: number): void {
    this.#receiveLimit = byteCount;
  }

  /** Writes the first bytes and cuts the socket then. */
  writeThenCut(bytes: Buffer, byteCount: number): void {
    this.#socket.write(bytes.subarray(0, byteCount), () => {
      this.cut();
    });
  }

  startHeartbeats(heartbeatSeconds: number): void {
    if (heartbeatSeconds === 0) return;
    const frame = encodeFrame({ type: FRAME_HEARTBEAT, channel: 0, payload: Buffer.alloc(0) });
    this.#heartbeats = setInterval(() => {
      this.write(frame);
    }, heartbeatSeconds * 500);
  }

  write(bytes: Buffer): void {
    if (!this.#isSilent && this.#socket.writable) this.#socket.write(bytes);
  }

  #received(bytes: Buffer): void {
    if (this.#isSilent) return;
    const heard = bytes.subarray(0, this.#receiveLimit);
    this.#receiveLimit -= heard.length;
    for (const part of this.#splitter.push(heard)) {
      if (part.type === 'protocol-header') this.#greeted(part);
      else this.#receivedFrame(part);
    }
    if (this.#receiveLimit <= 0) this.cut();
  }

  #greeted({ bytes }: ProtocolHeader): void {
    if (!bytes.equals(PROTOCOL_HEADER)) throw new Error('the client does not speak AMQP 0-9-1');
    this.say(0, brokerMethods.start());
  }

  #receivedFrame({ type, channel, payload }: WireFrame): void {
    if (type === FRAME_METHOD) this.#receivedMethod(channel, decodeMethod(payload));
    else if (type === FRAME_HEADER) this.#receivedContentHeader(channel, payload);
    else if (type === FRAME_BODY) this.#receivedBody(channel, payload);
  }

  #receivedMethod(channel: number, said: ClientMethod | PublishStart): void {
    if (said.method === 'publish-start') {
      this.#publishing.set(channel, { ...said, contentHeader: undefined, bodySize: 0, body: [] });
      return;
    }
    if (said.method === 'confirm.select') this.#confirmTags.set(channel, 1);
    if (said.method === 'channel.open') this.#confirmTags.delete(channel);
    this.#events.heard({ ...said, channel, connection: this });
  }

  #receivedContentHeader(channel: number, payload: Buffer): void {
    const publish = this.#publishingOn(channel);
    publish.contentHeader = payload;
    publish.bodySize = Number(payload.readBigUInt64BE(4));
    if (publish.bodySize === 0) this.#published(channel, publish, payload);
  }

  #receivedBody(channel: number, payload: Buffer): void {
    const publish = this.#publishingOn(channel);
    publish.body.push(payload);
    const received = publish.body.reduce((sum, { length }) => sum + length, 0);
    if (publish.contentHeader !== undefined && received >= publish.bodySize)
      this.#published(channel, publish, publish.contentHeader);
  }

  #publishingOn(channel: number): PartialPublish {
    const publish = this.#publishing.get(channel);
    if (publish === undefined) throw new Error(`content on channel ${channel} without a basic.publish`);
    return publish;
  }

  #published(channel: number, publish: PartialPublish, contentHeader: Buffer): void {
    this.#publishing.delete(channel);
    const confirmTag = this.#confirmTags.get(channel) ?? 0;
    if (confirmTag > 0) this.#confirmTags.set(channel, confirmTag + 1);
    const { exchange, routingKey, mandatory, body } = publish;
    this.#events.heard({
      method: 'basic.publish',
      exchange,
      routingKey,
      mandatory,
      contentHeader,
      body: Buffer.concat(body),
      confirmTag,
      channel,
      connection: this,
    });
  }
}

/** The frames of a `basic.deliver`, for scripts that cut them short. */
export function deliveryBytes(message: PeerMessage): Buffer {
  const { channel, consumerTag, deliveryTag, body, redelivered = false, queue = 'addition' } = message;
  const properties = message.properties ?? new FieldWriter().short(0).bytes;
  const contentHeader = new FieldWriter().short(60).short(0).longlong(body.length).raw(properties).bytes;
  return Buffer.concat([
    encodeFrame({
      type: FRAME_METHOD,
      channel,
      payload: brokerMethods.deliver(consumerTag, deliveryTag, redelivered, queue),
    }),
    ...contentFrames(channel, contentHeader, body),
  ]);
}

function contentFrames(channel: number, contentHeader: Buffer, body: Buffer): Buffer[] {
  const header = encodeFrame({ type: FRAME_HEADER, channel, payload: contentHeader });
  return body.length === 0 ? [header] : [header, encodeFrame({ type: FRAME_BODY, channel, payload: body })];
}
