/** Half of the range: a bit that may be either. */
const even = 1024;
const moveBits = 5;
const total = 2048;
const topValue = 0x1000000;

/** The chances of bits, all even at first. */
export function evenChances(count: number): Uint16Array {
  return new Uint16Array(count).fill(even);
}

/**
 * The range decoder of LZMA over one chunk of LZMA2.
 *
 * Source: LZMA SDK, DOC/lzma-specification.txt, "The range decoder".
 */
export class LzmaRangeDecoder {
  private range = 0xffffffff;
  private code = 0;
  private position: number;
  private readonly input: Uint8Array;
  private readonly end: number;

  constructor(input: Uint8Array, start: number, end: number) {
    this.input = input;
    this.position = start;
    this.end = end;
    if (this.nextByte() !== 0) throw new Error('a chunk must begin with a zero byte');
    for (let count = 0; count < 4; count += 1) this.code = ((this.code << 8) | this.nextByte()) >>> 0;
  }

  /** True when the chunk has been read to its last byte and ends as an encoder ends it. */
  get isFinished(): boolean {
    return this.position === this.end && this.code === 0;
  }

  /** Reads a bit with the chance at `index`, and learns from it. */
  readBit(chances: Uint16Array, index: number): 0 | 1 {
    const chance = chances[index] ?? 0;
    const bound = (this.range >>> 11) * chance;
    let bit: 0 | 1;
    if (this.code < bound) {
      this.range = bound;
      chances[index] = chance + ((total - chance) >> moveBits);
      bit = 0;
    } else {
      this.range -= bound;
      this.code -= bound;
      chances[index] = chance - (chance >> moveBits);
      bit = 1;
    }
    if (this.range < topValue) this.shift();
    return bit;
  }

  /** Reads `count` bits of even chance, the highest first. */
  readDirect(count: number): number {
    let value = 0;
    for (let rest = count; rest > 0; rest -= 1) {
      this.range >>>= 1;
      const bit = this.code >= this.range ? 1 : 0;
      if (bit === 1) this.code -= this.range;
      value = ((value << 1) | bit) >>> 0;
      if (this.range < topValue) this.shift();
    }
    return value;
  }

  /** Reads `count` bits along a tree of chances that begins at `offset`, the highest first. */
  readTree(chances: Uint16Array, offset: number, count: number): number {
    let node = 1;
    for (let rest = count; rest > 0; rest -= 1) node = (node << 1) | this.readBit(chances, offset + node);
    return node - (1 << count);
  }

  /** As {@link readTree}, the lowest bit first. */
  readReverseTree(chances: Uint16Array, offset: number, count: number): number {
    let node = 1;
    let value = 0;
    for (let at = 0; at < count; at += 1) {
      const bit = this.readBit(chances, offset + node);
      node = (node << 1) | bit;
      value |= bit << at;
    }
    return value;
  }

  private shift(): void {
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | this.nextByte()) >>> 0;
  }

  private nextByte(): number {
    if (this.position >= this.end) throw new Error('a chunk ends too early');
    const byte = this.input[this.position] ?? 0;
    this.position += 1;
    return byte;
  }
}
