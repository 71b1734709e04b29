import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { CappedOutput } from './capped-output.ts';
import { crc64 } from './crc64.ts';
import { decodeLzma2 } from './decode-lzma2.ts';

/*
 * file   = (stream [padding])…                     padding: zero bytes, four at a time
 * stream = header block… index footer
 * header = FD "7zXZ" 00, flags (00, check), crc32 of the flags
 * block  = block header, LZMA2 data, zero bytes up to four, check
 * block header = size / 4 - 1, flags [, packed size] [, size], filter, zero bytes, crc32
 * filter = 21 01 dictionary-size
 * index  = 00, number of blocks, (unpadded size, size)…, zero bytes, crc32
 * footer = crc32, index size / 4 - 1, flags, "YZ"
 */
const headerMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const headerSize = 12;
const footerSize = 12;
const lzma2Filter = 0x21;

interface Check {
  readonly size: number;
  compute(bytes: Uint8Array): Buffer;
}

function crc32Bytes(bytes: Uint8Array): Buffer {
  const checksum = Buffer.allocUnsafe(4);
  checksum.writeUInt32LE(crc32(bytes), 0);
  return checksum;
}

const checks = new Map<number, Check>([
  [0, { size: 0, compute: () => Buffer.alloc(0) }],
  [1, { size: 4, compute: crc32Bytes }],
  [4, { size: 8, compute: crc64 }],
  [10, { size: 32, compute: (bytes) => createHash('sha256').update(bytes).digest() }],
]);

function expect(condition: boolean, rule: string): void {
  if (!condition) throw new Error(rule);
}

function upToFour(position: number, start: number): number {
  return position + ((4 - ((position - start) % 4)) % 4);
}

/** A position in the file that moves on with what is read; reading beyond the end throws. */
class XzReader {
  position = 0;
  readonly input: Buffer;
  private readonly output: CappedOutput;

  constructor(input: Buffer, output: CappedOutput) {
    this.input = input;
    this.output = output;
  }

  readStream(): void {
    const flags = this.readHeader();
    const check = checks.get(flags[1] ?? 0);
    if (check === undefined || flags[0] !== 0) throw new Error('the check of a stream is not known');
    let blocks = 0;
    for (; this.input.readUInt8(this.position) !== 0; blocks += 1) this.readBlock(check);
    const indexSize = this.readIndex(blocks);
    this.readFooter(flags, indexSize);
  }

  skipPadding(): void {
    while (this.position < this.input.length && this.input.readUInt8(this.position) === 0) {
      expect(this.input.readUInt32LE(this.position) === 0, 'padding must be zero bytes, four at a time');
      this.position += 4;
    }
  }

  private readHeader(): Buffer {
    const { input, position } = this;
    expect(input.subarray(position, position + 6).equals(headerMagic), 'a stream must begin as .xz begins');
    const flags = input.subarray(position + 6, position + 8);
    expect(crc32(flags) === input.readUInt32LE(position + 8), 'the header of a stream is damaged');
    this.position += headerSize;
    return flags;
  }

  private readBlock(check: Check): void {
    const start = this.position;
    const { input, output } = this;
    const dataStart = start + (input.readUInt8(start) + 1) * 4;
    const crcAt = dataStart - 4;
    expect(crc32(input.subarray(start, crcAt)) === input.readUInt32LE(crcAt), 'a block header is damaged');
    this.position = start + 1;
    const flags = this.readByte();
    if ((flags & 0x40) !== 0) this.readNumber();
    if ((flags & 0x80) !== 0) this.readNumber();
    const hasOneFilter = (flags & 0x03) === 0 && this.readNumber() === lzma2Filter;
    expect(hasOneFilter && this.readNumber() === 1, 'a block must be packed with LZMA2 and nothing else');
    const outputStart = output.length;
    const dataEnd = decodeLzma2(input, dataStart, output);
    const checkStart = upToFour(dataEnd, start);
    this.position = checkStart + check.size;
    const checksum = check.compute(output.bytes.subarray(outputStart, output.length));
    expect(checksum.equals(input.subarray(checkStart, this.position)), 'a block is damaged');
  }

  /** Returns the size of the index, which the footer repeats. */
  private readIndex(blocks: number): number {
    const start = this.position;
    this.position += 1;
    expect(this.readNumber() === blocks, 'the index must name all blocks');
    for (let rest = blocks * 2; rest > 0; rest -= 1) this.readNumber();
    const crcAt = upToFour(this.position, start);
    const { input } = this;
    expect(crc32(input.subarray(start, crcAt)) === input.readUInt32LE(crcAt), 'the index is damaged');
    this.position = crcAt + 4;
    return this.position - start;
  }

  private readFooter(flags: Buffer, indexSize: number): void {
    const { input, position } = this;
    const fields = input.subarray(position + 4, position + 10);
    const isWhole =
      crc32(fields) === input.readUInt32LE(position) &&
      (fields.readUInt32LE(0) + 1) * 4 === indexSize &&
      fields.subarray(4).equals(flags) &&
      input.toString('latin1', position + 10, position + 12) === 'YZ';
    expect(isWhole, 'the footer of a stream is damaged');
    this.position += footerSize;
  }

  private readByte(): number {
    const byte = this.input.readUInt8(this.position);
    this.position += 1;
    return byte;
  }

  /** A number in groups of seven bits, the lowest first; no size that fits here needs more than seven groups. */
  private readNumber(): number {
    let value = 0;
    for (let group = 0; group < 7; group += 1) {
      const byte = this.readByte();
      value += (byte & 0x7f) * 2 ** (7 * group);
      if (byte < 0x80) return value;
    }
    throw new Error('a number is too large');
  }
}

/**
 * Decompresses the .xz container with LZMA2 in it, several streams in a row included: what Python's `lzma.compress`
 * writes.
 *
 * Written here because no library decodes .xz synchronously with a limit on its output: the WebAssembly ones give promises,
 * the native ones allocate whatever the data asks for and cannot be bundled.
 *
 * Source: The .xz file format 1.2.1.
 *
 * @throws DecodeError with reason `body-too-large`; what else it throws means that the data is corrupt
 */
export function decompressXz(body: Buffer, maxBytes: number): Buffer {
  const output = new CappedOutput(maxBytes);
  const reader = new XzReader(body, output);
  do {
    reader.readStream();
    reader.skipPadding();
  } while (reader.position < body.length);
  return output.written();
}
