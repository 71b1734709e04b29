import { Unwritable } from '../unwritable.ts';
import type { PythonValueWriter } from './python-value.ts';
import { writePythonValue } from './python-value.ts';

/*
 * Each form that Python's msgpack picks is the shortest that holds the value; floats always take eight bytes:
 *
 * c0 none · c2 false · c3 true · cb float
 * int:  00–7f · cc cd ce cf unsigned of 1, 2, 4, 8 bytes · e0–ff · d0 d1 d2 d3 signed of 1, 2, 4, 8 bytes
 * str:  a0–bf · d9 da db     bin: c4 c5 c6     list: 90–9f · dc dd     dict: 80–8f · de df
 */

/** The first bytes of the forms of one type: with the length inside, then with lengths of 1, 2 and 4 bytes. */
interface LengthForms {
  readonly short: number;
  readonly shortMost: number;
  readonly byte: number | undefined;
  readonly two: number;
}

const strForms: LengthForms = { short: 0xa0, shortMost: 31, byte: 0xd9, two: 0xda };
const binForms: LengthForms = { short: 0, shortMost: -1, byte: 0xc4, two: 0xc5 };
const listForms: LengthForms = { short: 0x90, shortMost: 15, byte: undefined, two: 0xdc };
const dictForms: LengthForms = { short: 0x80, shortMost: 15, byte: undefined, two: 0xde };

const leastInt = -(2n ** 63n);
const mostInt = 2n ** 64n - 1n;
const loneSurrogate = /\p{Surrogate}/u;

class MsgpackWriter implements PythonValueWriter {
  readonly format = 'msgpack';
  private bytesWritten = Buffer.allocUnsafe(256);
  private length = 0;

  written(): Buffer {
    return this.bytesWritten.subarray(0, this.length);
  }

  none(): void {
    this.writeHead(0xc0);
  }

  bool(value: boolean): void {
    this.writeHead(value ? 0xc3 : 0xc2);
  }

  int(value: bigint): void {
    if (value < leastInt || value > mostInt)
      throw new Unwritable('is an int beyond 64 bits, for which msgpack has no form');
    if (value > 0xffffffffn) this.length = this.headOf(0xcf, 8).writeBigUInt64BE(value, this.length);
    else if (value < -0x80000000n) this.length = this.headOf(0xd3, 8).writeBigInt64BE(value, this.length);
    else this.writeShortInt(Number(value));
  }

  float(value: number): void {
    this.length = this.headOf(0xcb, 8).writeDoubleBE(value, this.length);
  }

  str(value: string): void {
    if (loneSurrogate.test(value)) throw new Unwritable('has a lone surrogate, for which UTF-8 has no form');
    const size = Buffer.byteLength(value);
    this.writeLength(strForms, size);
    this.reserve(size);
    this.length += this.bytesWritten.write(value, this.length);
  }

  bytes(value: Uint8Array): void {
    this.writeLength(binForms, value.length);
    this.reserve(value.length);
    this.bytesWritten.set(value, this.length);
    this.length += value.length;
  }

  /** Python's msgpack writes none of them unless it is told how. */
  scalar(): boolean {
    return false;
  }

  list(items: readonly unknown[], _depth: number, writeItem: (item: unknown, index: number) => void): void {
    this.writeLength(listForms, items.length);
    // not forEach, which leaves out what a sparse array lacks
    for (let index = 0; index < items.length; index += 1) writeItem(items[index], index);
  }

  dict(
    entries: readonly (readonly [string, unknown])[],
    _depth: number,
    writeValue: (value: unknown, key: string) => void,
  ): void {
    this.writeLength(dictForms, entries.length);
    for (const [key, value] of entries) {
      this.str(key);
      writeValue(value, key);
    }
  }

  private writeShortInt(n: number): void {
    if (n >= -32 && n < 128) this.writeHead(n & 0xff);
    else if (n >= 0) {
      if (n <= 0xff) this.writeHead(0xcc, n, 1);
      else if (n <= 0xffff) this.writeHead(0xcd, n, 2);
      else this.writeHead(0xce, n, 4);
    } else if (n >= -0x80) this.writeHead(0xd0, n & 0xff, 1);
    else if (n >= -0x8000) this.writeHead(0xd1, n & 0xffff, 2);
    else this.writeHead(0xd2, n >>> 0, 4);
  }

  private writeLength({ short, shortMost, byte, two }: LengthForms, length: number): void {
    if (length <= shortMost) this.writeHead(short + length);
    else if (byte !== undefined && length <= 0xff) this.writeHead(byte, length, 1);
    else if (length <= 0xffff) this.writeHead(two, length, 2);
    else this.writeHead(two + 1, length, 4);
  }

  /** The first byte of a form and the number that follows it. */
  private writeHead(form: number, value = 0, size = 0): void {
    const bytes = this.headOf(form, size);
    if (size > 0) this.length = bytes.writeUIntBE(value, this.length, size);
  }

  private headOf(form: number, size: number): Buffer {
    this.reserve(size + 1);
    this.length = this.bytesWritten.writeUInt8(form, this.length);
    return this.bytesWritten;
  }

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytesWritten.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytesWritten.length * 2));
    this.bytesWritten.copy(grown, 0, 0, this.length);
    this.bytesWritten = grown;
  }
}

/**
 * The bytes that Python's `msgpack.packb(value, use_bin_type=True)` gives.
 *
 * Written here because libraries cannot: @msgpack/msgpack and msgpackr make an int of each integral number, and 9.0 has
 * to stay a float.
 *
 * [MSGPACK-WRITE] Source: msgpack-python 1.2, msgpack/fallback.py `Packer`; kombu 5.7.0, kombu/serialization.py
 * `register_msgpack`; vectors `task-messages: msgpack`.
 *
 * @throws EncodeError when a value has no form in msgpack, such as a date, is nested too deeply or contains itself;
 * names the path to it
 */
export function writeMsgpack(value: unknown): Buffer {
  const writer = new MsgpackWriter();
  writePythonValue(value, writer);
  return writer.written();
}
