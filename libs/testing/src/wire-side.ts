import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { encodeFrame, FieldWriter, FRAME_BODY, FRAME_HEADER, FRAME_METHOD } from './amqp-frames.ts';

/** A side of a TCP connection that keeps what it hears, and says bytes. */
export class WireSide {
  readonly socket: Socket;
  readonly #heard: Buffer[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#heard.push(chunk));
    socket.on('error', () => undefined); // a reset is what some specs are about; they look at isOver
  }

  static async connect(port: number): Promise<WireSide> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new WireSide(socket);
  }

  get heard(): Buffer {
    return Buffer.concat(this.#heard);
  }

  get heardBytes(): number {
    return this.#heard.reduce((sum, { length }) => sum + length, 0);
  }

  /** The other side has ended, or reset, the connection. */
  get isOver(): boolean {
    return this.socket.readableEnded || this.socket.destroyed;
  }
}

/** A server that says nothing by itself. */
export class WireServer {
  readonly sides: WireSide[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.sides.push(new WireSide(socket)));
  }

  static async listen(): Promise<WireServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WireServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The connection that came first. */
  get side(): WireSide {
    const [first] = this.sides;
    if (first === undefined) throw new Error('nobody has connected yet');
    return first;
  }

  async close(): Promise<void> {
    for (const { socket } of this.sides) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

export function methodFrame(channel: number, payload: Buffer): Buffer {
  return encodeFrame({ type: FRAME_METHOD, channel, payload });
}

/** `basic.publish` with its content, the body in frames of `bodyFrameBytes`. */
export function publishFrames(
  channel: number,
  routingKey: string,
  body: Buffer,
  bodyFrameBytes = Infinity,
): Buffer[] {
  const method = new FieldWriter()
    .short(60)
    .short(40)
    .short(0)
    .shortString('')
    .shortString(routingKey)
    .octet(1);
  const header = new FieldWriter().short(60).short(0).longlong(body.length).short(0);
  const bodies: Buffer[] = [];
  for (let at = 0; at < body.length; at += bodyFrameBytes)
    bodies.push(body.subarray(at, Math.min(body.length, at + bodyFrameBytes)));
  return [
    methodFrame(channel, method.bytes),
    encodeFrame({ type: FRAME_HEADER, channel, payload: header.bytes }),
    ...bodies.map((payload) => encodeFrame({ type: FRAME_BODY, channel, payload })),
  ];
}

export function queueDeclare(queue: string, flags: number): Buffer {
  return new FieldWriter().short(50).short(10).short(0).shortString(queue).octet(flags).long(0).bytes;
}

export function qos(global: boolean): Buffer {
  return new FieldWriter()
    .short(60)
    .short(10)
    .long(0)
    .short(5)
    .octet(global ? 1 : 0).bytes;
}

export function tuneOk(frameMax: number): Buffer {
  return new FieldWriter().short(10).short(31).short(2047).long(frameMax).short(60).bytes;
}

export function basicAck(deliveryTag: number): Buffer {
  return new FieldWriter().short(60).short(80).longlong(deliveryTag).octet(0).bytes;
}
