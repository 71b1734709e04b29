import type { CappedOutput } from './capped-output.ts';
import type { LzmaRangeDecoder } from './lzma-range-decoder.ts';
import { evenChances } from './lzma-range-decoder.ts';

const stateCount = 12;
const firstStateAfterMatch = 7;
const shortestMatch = 2;
const lengthSlots = 4;
const alignBits = 4;
const literalTableSize = 0x300;

/** The properties of LZMA that one byte packs: literal context bits, literal position bits, position bits. */
interface LzmaProperties {
  readonly lc: number;
  readonly lp: number;
  readonly pb: number;
}

function unpackProperties(byte: number): LzmaProperties {
  const lc = byte % 9;
  const lp = Math.floor(byte / 9) % 5;
  const pb = Math.floor(byte / 45);
  // the second is a limit of LZMA2
  if (pb > 4 || lc + lp > 4) throw new Error(`properties must be those of LZMA2, got ${byte}`);
  return { lc, lp, pb };
}

class LengthDecoder {
  private readonly choice = evenChances(2);
  private readonly low = evenChances(16 << 3);
  private readonly middle = evenChances(16 << 3);
  private readonly high = evenChances(1 << 8);

  read(range: LzmaRangeDecoder, positionState: number): number {
    if (range.readBit(this.choice, 0) === 0) return range.readTree(this.low, positionState << 3, 3);
    if (range.readBit(this.choice, 1) === 0) return 8 + range.readTree(this.middle, positionState << 3, 3);
    return 16 + range.readTree(this.high, 0, 8);
  }
}

/**
 * The state of an LZMA decoder from one reset to the next. The output is its dictionary, so that no sender can ask for
 * more memory than its data takes.
 *
 * Source: LZMA SDK, DOC/lzma-specification.txt, whose names in our words: a "rep" match repeats one of the last four
 * distances.
 */
export class LzmaDecoder {
  private state = 0;
  private distances: [number, number, number, number] = [0, 0, 0, 0];
  private readonly properties: LzmaProperties;
  private readonly literals: Uint16Array;
  private readonly isMatch = evenChances(stateCount << 4);
  private readonly isRep = evenChances(stateCount);
  private readonly isRepG0 = evenChances(stateCount);
  private readonly isRepG1 = evenChances(stateCount);
  private readonly isRepG2 = evenChances(stateCount);
  private readonly isRep0Long = evenChances(stateCount << 4);
  private readonly slots = evenChances(lengthSlots << 6);
  private readonly specialDistances = evenChances(1 + 128 - 14);
  private readonly align = evenChances(1 << alignBits);
  private readonly matchLength = new LengthDecoder();
  private readonly repLength = new LengthDecoder();

  /** @throws Error when the byte has no properties that LZMA2 allows */
  constructor(propertiesByte: number) {
    this.properties = unpackProperties(propertiesByte);
    this.literals = evenChances(literalTableSize << (this.properties.lc + this.properties.lp));
  }

  /**
   * Decodes until `count` bytes have been written, matches reaching back as far as `dictionaryStart`.
   *
   * @throws Error when the data is corrupt
   */
  decode(range: LzmaRangeDecoder, output: CappedOutput, count: number, dictionaryStart: number): void {
    output.reserve(count);
    const end = output.length + count;
    const positionMask = (1 << this.properties.pb) - 1;
    while (output.length < end) {
      const positionState = (output.length - dictionaryStart) & positionMask;
      if (range.readBit(this.isMatch, (this.state << 4) + positionState) === 0) {
        this.decodeLiteral(range, output, dictionaryStart);
        continue;
      }
      const length = this.decodeMatchLength(range, positionState);
      this.copyMatch(output, length, end, dictionaryStart);
    }
  }

  private decodeLiteral(range: LzmaRangeDecoder, output: CappedOutput, dictionaryStart: number): void {
    const { bytes, length } = output;
    const { lc, lp } = this.properties;
    const position = length - dictionaryStart;
    const previous = position > 0 ? (bytes[length - 1] ?? 0) : 0;
    const table = literalTableSize * (((position & ((1 << lp) - 1)) << lc) + (previous >> (8 - lc)));
    let symbol = 1;
    if (this.state >= firstStateAfterMatch) {
      const distance = this.distances[0];
      if (distance >= position) throw new Error('a distance goes back beyond the first byte');
      let matchByte = bytes[length - distance - 1] ?? 0;
      while (symbol < 0x100) {
        const matchBit = (matchByte >> 7) & 1;
        matchByte <<= 1;
        const bit = range.readBit(this.literals, table + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (matchBit !== bit) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | range.readBit(this.literals, table + symbol);
    bytes[length] = symbol & 0xff;
    output.length += 1;
    this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
  }

  /** Reads which match comes; its distance is then the first of the four. */
  private decodeMatchLength(range: LzmaRangeDecoder, positionState: number): number {
    const { state } = this;
    const afterLiteral = state < firstStateAfterMatch;
    const [first, second, third, fourth] = this.distances;
    if (range.readBit(this.isRep, state) === 0) {
      const length = this.matchLength.read(range, positionState);
      this.distances = [this.decodeDistance(range, length), first, second, third];
      this.state = afterLiteral ? 7 : 10;
      return length + shortestMatch;
    }
    if (range.readBit(this.isRepG0, state) === 0) {
      if (range.readBit(this.isRep0Long, (state << 4) + positionState) === 0) {
        this.state = afterLiteral ? 9 : 11;
        return 1;
      }
    } else if (range.readBit(this.isRepG1, state) === 0) this.distances = [second, first, third, fourth];
    else if (range.readBit(this.isRepG2, state) === 0) this.distances = [third, first, second, fourth];
    else this.distances = [fourth, first, second, third];
    this.state = afterLiteral ? 8 : 11;
    return this.repLength.read(range, positionState) + shortestMatch;
  }

  private decodeDistance(range: LzmaRangeDecoder, length: number): number {
    const slot = range.readTree(this.slots, Math.min(length, lengthSlots - 1) << 6, 6);
    if (slot < 4) return slot;
    const directBits = (slot >> 1) - 1;
    const base = ((2 | (slot & 1)) << directBits) >>> 0;
    if (slot < 14) return base + range.readReverseTree(this.specialDistances, base - slot, directBits);
    const high = range.readDirect(directBits - alignBits) * (1 << alignBits);
    return base + high + range.readReverseTree(this.align, 0, alignBits);
  }

  private copyMatch(output: CappedOutput, length: number, end: number, dictionaryStart: number): void {
    const { bytes } = output;
    const distance = this.distances[0] + 1;
    if (distance > output.length - dictionaryStart || output.length + length > end) {
      throw new Error('a match goes beyond its chunk or its dictionary');
    }
    let target = output.length;
    for (let rest = length; rest > 0; rest -= 1, target += 1) bytes[target] = bytes[target - distance] ?? 0;
    output.length = target;
  }
}
