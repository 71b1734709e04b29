/*
 * data   = frame…
 * frame  = magic, descriptor [, window] [, dictionary] [, size], block…  [, checksum]
 *        | skippable magic, size, bytes
 * block  = 3 bytes (bit 0 last, bits 1–2 type, bits 3– size), bytes
 * type   = 0 stored | 1 one byte repeated | 2 packed
 */
const magic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const repeated = 1;
const reserved = 3;

/** A frame of zstd, not decoded yet. */
export interface ZstdFrame {
  readonly bytes: Buffer;
  /** What the decoded content takes, where the frame says so. */
  readonly contentBytes: number | undefined;
  /** How far back the content refers. */
  readonly windowBytes: number;
  readonly blocks: number;
}

interface FrameHeader {
  readonly size: number;
  readonly contentBytes: number | undefined;
  readonly windowBytes: number;
  readonly checksumSize: number;
}

function readHeader(body: Buffer, start: number): FrameHeader {
  const descriptor = body.readUInt8(start + 4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  let position = start + 5;
  let windowBytes = 0;
  if (!isSingleSegment) {
    const window = body.readUInt8(position);
    const base = 2 ** (10 + (window >> 3));
    windowBytes = base + (base / 8) * (window & 7);
    position += 1;
  }
  position += [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let contentBytes: number | undefined;
  if (sizeBytes === 8) contentBytes = Number(body.readBigUInt64LE(position));
  else if (sizeBytes > 0) contentBytes = body.readUIntLE(position, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  return {
    size: position + sizeBytes - start,
    contentBytes,
    windowBytes: isSingleSegment ? (contentBytes ?? 0) : windowBytes,
    checksumSize: (descriptor & 4) === 0 ? 0 : 4,
  };
}

/**
 * The frames of a body, found by the sizes that they give, without decoding; skippable frames are left out.
 *
 * Source: RFC 8878, section 3.1.
 *
 * @throws Error when the data is no zstd, or ends too early
 */
export function zstdFrames(body: Buffer): ZstdFrame[] {
  const frames: ZstdFrame[] = [];
  let start = 0;
  do {
    const word = body.readUInt32LE(start);
    if ((word & 0xfffffff0) >>> 0 === skippableMagic) {
      start += 8 + body.readUInt32LE(start + 4);
      continue;
    }
    if (word !== magic) throw new Error('a frame must begin as zstd begins');
    const { size, contentBytes, windowBytes, checksumSize } = readHeader(body, start);
    let end = start + size;
    let blocks = 0;
    for (let isLast = false; !isLast; blocks += 1) {
      const header = body.readUIntLE(end, 3);
      const type = (header >> 1) & 3;
      if (type === reserved) throw new Error('a block is of a type that is reserved');
      isLast = (header & 1) === 1;
      end += 3 + (type === repeated ? 1 : header >> 3);
    }
    end += checksumSize;
    if (end > body.length) throw new Error('a frame ends too early');
    frames.push({ bytes: body.subarray(start, end), contentBytes, windowBytes, blocks });
    start = end;
  } while (start < body.length);
  return frames;
}
