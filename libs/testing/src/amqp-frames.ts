/**
 * AMQP 0-9-1 framing by hand, for the scripted peer: it must not share a codec, and its mistakes, with the client under
 * test.
 *
 * ```
 * frame = type(1) channel(2) size(4) payload(size) 0xCE      type: 1 method, 2 content header, 3 body, 8 heartbeat
 * ```
 */
export const FRAME_METHOD = 1;
export const FRAME_HEADER = 2;
export const FRAME_BODY = 3;
export const FRAME_HEARTBEAT = 8;

const FRAME_END = 0xce;
/** What a client begins with. */
export const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

export interface Frame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
}

export function encodeFrame({ type, channel, payload }: Frame): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([FRAME_END])]);
}

/** Writes the fields of a method, one after the other. */
export class FieldWriter {
  readonly #parts: Buffer[] = [];

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  octet(value: number): this {
    return this.raw(Buffer.from([value]));
  }

  short(value: number): this {
    return this.raw(Buffer.from([value >> 8, value & 0xff]));
  }

  long(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return this.raw(bytes);
  }

  longlong(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(value));
    return this.raw(bytes);
  }

  shortString(text: string): this {
    const bytes = Buffer.from(text);
    return this.octet(bytes.length).raw(bytes);
  }

  longString(text: string): this {
    const bytes = Buffer.from(text);
    return this.long(bytes.length).raw(bytes);
  }

  raw(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }
}

/** Reads the fields of a method, one after the other. */
export class FieldReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  octet(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  short(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  long(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  longlong(): number {
    return Number(this.#bytes.readBigUInt64BE(this.#advance(8)));
  }

  shortString(): string {
    const length = this.octet();
    const start = this.#advance(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  /** A long string or a table: bytes after their length. */
  longBytes(): Buffer {
    const length = this.long();
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  #advance(length: number): number {
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}
