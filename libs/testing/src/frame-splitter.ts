const PROTOCOL_HEADER_SIZE = 8;
const FIRST_LETTER = 'A'.charCodeAt(0);
const HEAD_SIZE = 7;
const FRAME_OVERHEAD = 8;
const FRAME_END = 0xce;

/** A frame as it was on the wire. */
export interface WireFrame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
  /** All of it, from the type to the end octet. */
  readonly bytes: Buffer;
}

/** `AMQP` and a version: what a client begins with, and what a broker answers to a version that it does not speak. */
export interface ProtocolHeader {
  readonly type: 'protocol-header';
  readonly bytes: Buffer;
}

/**
 * Cuts what one side says into frames and protocol headers; the concatenation of their `bytes` is what came in.
 *
 * Chunks are put together once for each frame that they complete, so that a frame of many chunks costs one copy.
 */
export class FrameSplitter {
  #chunks: Buffer[] = [];
  #length = 0;
  /** Nothing can be cut off before so many bytes are there. */
  #needed = HEAD_SIZE;

  /** What has come of a frame that is not complete. */
  get rest(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** @throws Error when the bytes are not AMQP 0-9-1 */
  *push(chunk: Buffer): Generator<WireFrame | ProtocolHeader> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return;
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    for (;;) {
      this.#needed = neededFor(bytes);
      if (bytes.length < this.#needed) break;
      const part = bytes.subarray(0, this.#needed);
      bytes = bytes.subarray(this.#needed);
      this.#keep(bytes);
      yield partOf(part);
    }
    this.#keep(bytes);
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
  }
}

/** How many bytes are needed to cut off what these begin with. */
function neededFor(bytes: Buffer): number {
  if (bytes[0] === FIRST_LETTER) return PROTOCOL_HEADER_SIZE;
  return bytes.length < HEAD_SIZE ? HEAD_SIZE : bytes.readUInt32BE(3) + FRAME_OVERHEAD;
}

function partOf(bytes: Buffer): WireFrame | ProtocolHeader {
  if (bytes[0] === FIRST_LETTER) return { type: 'protocol-header', bytes };
  if (bytes.at(-1) !== FRAME_END)
    throw new Error(
      `a frame of ${String(bytes.length)} bytes ends with ${String(bytes.at(-1))}, not with 0xCE`,
    );
  return {
    type: bytes.readUInt8(0),
    channel: bytes.readUInt16BE(1),
    payload: bytes.subarray(HEAD_SIZE, -1),
    bytes,
  };
}
