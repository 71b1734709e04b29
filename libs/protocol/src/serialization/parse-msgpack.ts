import { isUtf8 } from 'node:buffer';
import { DecodeError } from '../protocol-error.ts';
import { PythonFloat } from '../python-float.ts';
import type { ValueCount } from '../value-count.ts';
import { maxNesting } from './content-limits.ts';
import { setMember } from './set-member.ts';

/*
 * 00–7f int · 80–8f dict · 90–9f list · a0–bf str · c0 none · c2 false · c3 true · c4–c6 bin · ca cb float
 * cc–cf unsigned int · d0–d3 int · d9–db str · dc dd list · de df dict · e0–ff int · c1 c7–c9 d4–d8 are refused
 */

/** Reads one value and what is in it. A length is believed only as far as there are bytes for it. */
class MsgpackReader {
  private position = 0;
  private readonly body: Buffer;
  private readonly keepFloats: boolean;
  private readonly count: ValueCount | undefined;

  constructor(body: Buffer, keepFloats: boolean, count: ValueCount | undefined) {
    this.body = body;
    this.count = count;
    this.keepFloats = keepFloats;
  }

  read(): unknown {
    const value = this.readValue(0);
    if (this.position < this.body.length) return this.fail('expected the end');
    return value;
  }

  private readValue(depth: number): unknown {
    this.count?.add(1);
    const form = this.readUInt(1);
    if (form < 0x80) return form;
    if (form < 0x90) return this.readDict(form - 0x80, depth);
    if (form < 0xa0) return this.readList(form - 0x90, depth);
    if (form < 0xc0) return this.readStr(form - 0xa0);
    if (form >= 0xe0) return form - 0x100;
    switch (form) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.readBin(this.readUInt(1 << (form - 0xc4)));
      case 0xca:
        return this.toFloat(this.body.readFloatBE(this.take(4)));
      case 0xcb:
        return this.toFloat(this.body.readDoubleBE(this.take(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.readUInt(1 << (form - 0xcc));
      case 0xcf:
        return toInt(this.body.readBigUInt64BE(this.take(8)));
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return this.readInt(1 << (form - 0xd0));
      case 0xd3:
        return toInt(this.body.readBigInt64BE(this.take(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.readStr(this.readUInt(1 << (form - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.readList(this.readUInt(2 << (form - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.readDict(this.readUInt(2 << (form - 0xde)), depth);
      default:
        return this.fail(
          `a value must not begin with 0x${form.toString(16)}, an extension or no form at all`,
        );
    }
  }

  private readList(length: number, depth: number): unknown[] {
    this.checkNesting(depth);
    this.checkLength(length);
    const items: unknown[] = [];
    for (let rest = length; rest > 0; rest -= 1) items.push(this.readValue(depth + 1));
    return items;
  }

  private readDict(length: number, depth: number): Record<string, unknown> {
    this.checkNesting(depth);
    this.checkLength(length * 2);
    const members: Record<string, unknown> = {};
    for (let rest = length; rest > 0; rest -= 1) {
      const key = this.readValue(depth + 1);
      if (typeof key !== 'string') return this.fail('a key of a dict must be a str');
      setMember(members, key, this.readValue(depth + 1));
    }
    return members;
  }

  private readStr(length: number): string {
    const bytes = this.readBytes(length);
    if (!isUtf8(bytes)) return this.fail('a str must be valid UTF-8');
    return bytes.toString();
  }

  /** A copy, as the body would else live as long as the bytes. */
  private readBin(length: number): Buffer {
    return Buffer.from(this.readBytes(length));
  }

  private readBytes(length: number): Buffer {
    this.checkLength(length);
    const start = this.take(length);
    return this.body.subarray(start, start + length);
  }

  private readUInt(size: number): number {
    return this.body.readUIntBE(this.take(size), size);
  }

  private readInt(size: number): number {
    return this.body.readIntBE(this.take(size), size);
  }

  private toFloat(n: number): number | PythonFloat {
    return this.keepFloats && Number.isInteger(n) ? new PythonFloat(n) : n;
  }

  /** Moves on by `size` bytes and returns where they begin. */
  private take(size: number): number {
    const start = this.position;
    if (start + size > this.body.length) return this.fail(`expected ${size} more bytes`);
    this.position = start + size;
    return start;
  }

  private checkNesting(depth: number): void {
    if (depth >= maxNesting) this.fail(`nested deeper than ${maxNesting} levels`);
  }

  /** Each item takes at least a byte, so that no length needs room before its items have come. */
  private checkLength(length: number): void {
    const rest = this.body.length - this.position;
    if (length > rest) this.fail(`a length of ${length} is more than the ${rest} bytes that follow`);
  }

  private fail(rule: string): never {
    throw new DecodeError(`msgpack is broken at byte ${this.position}: ${rule}`);
  }
}

function toInt(n: bigint): number | bigint {
  const number = Number(n);
  return Number.isSafeInteger(number) ? number : n;
}

/**
 * Reads msgpack as Python's `msgpack.unpackb(body, raw=False)` does, into the values that `parseJson` gives: unsafe ints
 * as bigint, bin as Buffer, and with `floats: 'keep'` integral floats as PythonFloat. Extension types are refused, the
 * time stamp among them, as are keys that are no str.
 *
 * Written here because libraries cannot: @msgpack/msgpack and msgpackr give no sign of whether 9 was a float, and
 * allocate by the lengths that a sender claims.
 *
 * [MSGPACK-READ] Source: msgpack-python 1.2, msgpack/fallback.py `Unpacker`; kombu 5.7.0, kombu/serialization.py
 * `register_msgpack`; vectors `task-messages: msgpack`.
 *
 * @param count counts the values, and limits them
 * @throws DecodeError naming the byte where the body stops being msgpack
 */
export function parseMsgpack(body: Buffer, floats: 'number' | 'keep', count?: ValueCount): unknown {
  return new MsgpackReader(body, floats === 'keep', count).read();
}
