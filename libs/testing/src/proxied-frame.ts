import { FieldReader, FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD } from './amqp-frames.ts';
import { methodName } from './amqp-method-names.ts';
import type { ProtocolHeader, WireFrame } from './frame-splitter.ts';

export type Direction = 'to-broker' | 'to-client';

/** A frame on its way through a proxy, with what it is about. */
export interface ProxiedFrame {
  /** Which connection of the proxy, from 1 on, in the order in which they came. */
  readonly connection: number;
  readonly direction: Direction;
  readonly channel: number;
  /** Such as `basic.publish`; of the content that follows it too. Without methods: `heartbeat` and `protocol-header`. */
  readonly method: string;
  /** A message is a method with a content header and bodies. */
  readonly part: 'method' | 'header' | 'body';
  readonly queue?: string;
  readonly exchange?: string;
  readonly routingKey?: string;
  /** Of `basic.deliver`, `basic.ack`, `basic.nack` and `basic.reject`. */
  readonly deliveryTag?: number;
  /** Of `basic.ack` and `basic.nack`: all tags up to this one. */
  readonly multiple?: boolean;
  /** True for the last frame of a method with its content. */
  readonly isLast: boolean;
  readonly payload: Buffer;
  readonly bytes: Buffer;
}

type Fields = Pick<ProxiedFrame, 'queue' | 'exchange' | 'routingKey' | 'deliveryTag' | 'multiple'>;

interface Content {
  readonly about: Pick<ProxiedFrame, 'method'> & Fields;
  /** Of the bodies still to come; undefined before the content header. */
  missing: number | undefined;
}

const carriesContent = new Set(['basic.publish', 'basic.return', 'basic.deliver', 'basic.get-ok']);

/** Tells what the frames of one direction of one connection are about; each frame is to be given to it once, in order. */
export class FrameReader {
  readonly #connection: number;
  readonly #direction: Direction;
  readonly #contents = new Map<number, Content>();

  constructor(connection: number, direction: Direction) {
    this.#connection = connection;
    this.#direction = direction;
  }

  read(frame: WireFrame | ProtocolHeader): ProxiedFrame {
    const { bytes } = frame;
    const from = { connection: this.#connection, direction: this.#direction, bytes };
    if (frame.type === 'protocol-header')
      return { ...from, channel: 0, method: frame.type, part: 'method', isLast: true, payload: bytes };
    const { channel, payload } = frame;
    return { ...from, channel, payload, ...this.#about(frame) };
  }

  #about({ type, channel, payload }: WireFrame): Pick<ProxiedFrame, 'method' | 'part' | 'isLast'> & Fields {
    if (type === FRAME_METHOD) {
      const method = methodName(payload.readUInt16BE(0), payload.readUInt16BE(2));
      const about = { method, ...fieldsOf(method, new FieldReader(payload.subarray(4))) };
      if (!carriesContent.has(method)) return { ...about, part: 'method', isLast: true };
      this.#contents.set(channel, { about, missing: undefined });
      return { ...about, part: 'method', isLast: false };
    }
    const content = this.#contents.get(channel);
    if (content === undefined || type === FRAME_HEARTBEAT)
      return { method: type === FRAME_HEARTBEAT ? 'heartbeat' : 'unknown', part: 'method', isLast: true };
    if (type === FRAME_HEADER) content.missing = Number(payload.readBigUInt64BE(4));
    if (type === FRAME_BODY) content.missing = (content.missing ?? 0) - payload.length;
    const isLast = content.missing !== undefined && content.missing <= 0;
    if (isLast) this.#contents.delete(channel);
    return { ...content.about, part: type === FRAME_HEADER ? 'header' : 'body', isLast };
  }
}

/** The fields by which faults choose their frames. */
function fieldsOf(method: string, fields: FieldReader): Fields {
  switch (method) {
    case 'queue.declare':
    case 'queue.delete':
    case 'queue.purge':
    case 'basic.consume':
    case 'basic.get':
      fields.short();
      return { queue: fields.shortString() };
    case 'queue.bind':
      fields.short();
      return {
        queue: fields.shortString(),
        exchange: fields.shortString(),
        routingKey: fields.shortString(),
      };
    case 'exchange.declare':
      fields.short();
      return { exchange: fields.shortString() };
    case 'basic.publish':
      fields.short();
      return { exchange: fields.shortString(), routingKey: fields.shortString() };
    case 'basic.return':
      fields.short();
      fields.shortString(); // reply text
      return { exchange: fields.shortString(), routingKey: fields.shortString() };
    case 'basic.deliver': {
      fields.shortString(); // consumer tag
      const deliveryTag = fields.longlong();
      fields.octet(); // redelivered
      return { deliveryTag, exchange: fields.shortString(), routingKey: fields.shortString() };
    }
    case 'basic.ack':
    case 'basic.nack':
      return { deliveryTag: fields.longlong(), multiple: (fields.octet() & 1) === 1 };
    case 'basic.reject':
      return { deliveryTag: fields.longlong() };
    default:
      return {};
  }
}
