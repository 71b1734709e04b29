/**
 * AMQP field tables: plain JavaScript values to and from the wire's typed fields.
 *
 * ```
 * table  = length(4) *( name(shortstr) type(1) value )
 * S long string   x bytes   t bool   I int32   l int64   d double   F table   A array   V void
 * ```
 *
 * [AMQP-FIELD-TABLE] Source: py-amqp 5.3.1, amqp/serialization.py `_write_item` and `_read_item`. Python writes an `int`
 * as `I` when it fits 32 bits and as `L` + 8 bytes otherwise; RabbitMQ's own letter for that is `l`, so we write `l` and
 * read both. A reader has to take every type, because RabbitMQ and other publishers use the rest.
 */

/** A header type this reader does not know, or a table that ends too early. */
export class FieldTableError extends Error {
  override readonly name = 'FieldTableError';
}

/** Most fields of a table and of those in it: a header frame has room for tens of thousands that take 64 bytes each. */
const maxFields = 10_000;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the table whose length prefix is at `start`.
 *
 * Integers beyond 2^53 become bigint; `T` becomes a Date; `D` a string; strings that are not UTF-8 stay bytes, as in
 * py-amqp. Names such as `__proto__` become own properties.
 *
 * @throws FieldTableError when the bytes are not a table, or one of too many fields
 */
export function decodeFieldTable(bytes: Buffer, start: number): Record<string, unknown> {
  return new FieldReader(bytes, start).table();
}

/** Reads tables from a frame, and counts their fields. */
export class FieldReader {
  /** Fields that were read so far. */
  count = 0;
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  /** @throws FieldTableError as {@link decodeFieldTable} does */
  tableAt(offset: number): Record<string, unknown> {
    this.#offset = offset;
    return this.table();
  }

  table(): Record<string, unknown> {
    const end = this.#openLength();
    const table: Record<string, unknown> = {};
    let fields = 0;
    while (this.#offset < end) {
      if (++fields > maxFields) throw tooManyFields();
      const nameLength = this.#bytes[this.#offset++] ?? 0;
      const nameStart = this.#advance(nameLength);
      const name = this.#bytes.toString('utf8', nameStart, this.#offset);
      setField(table, name, this.#value());
    }
    this.#add(fields);
    if (this.#offset !== end) throw new FieldTableError('a field runs past the end of its table');
    return table;
  }

  #array(): unknown[] {
    const end = this.#openLength();
    const values: unknown[] = [];
    while (this.#offset < end) {
      if (values.length === maxFields) throw tooManyFields();
      values.push(this.#value());
    }
    this.#add(values.length);
    if (this.#offset !== end) throw new FieldTableError('a field runs past the end of its array');
    return values;
  }

  #add(fields: number): void {
    this.count += fields;
    if (this.count > maxFields) throw tooManyFields();
  }

  #value(): unknown {
    const bytes = this.#bytes;
    const at = this.#advance(1);
    switch (bytes[at]) {
      case 0x56: // V
        return null;
      case 0x53: // S
        return this.#longString();
      case 0x49: // I
        return bytes.readInt32BE(this.#advance(4));
      case 0x74: // t
        return bytes[this.#advance(1)] !== 0;
      case 0x6c: // l
      case 0x4c: // L
        return safeInteger(bytes.readBigInt64BE(this.#advance(8)));
      case 0x64: // d
        return bytes.readDoubleBE(this.#advance(8));
      case 0x46: // F
        return this.table();
      case 0x41: // A
        return this.#array();
      case 0x78: // x
        return this.#bytesValue();
      case 0x54: // T
        return this.#timestamp();
      case 0x44: // D
        return this.#decimal();
      case 0x62: // b
        return bytes.readInt8(this.#advance(1));
      case 0x42: // B
        return bytes.readUInt8(this.#advance(1));
      case 0x73: // s
        return bytes.readInt16BE(this.#advance(2));
      case 0x75: // u
        return bytes.readUInt16BE(this.#advance(2));
      case 0x69: // i
        return bytes.readUInt32BE(this.#advance(4));
      case 0x66: // f
        return bytes.readFloatBE(this.#advance(4));
      default:
        throw new FieldTableError(`unknown field type 0x${(bytes[at] ?? 0).toString(16)}`);
    }
  }

  #longString(): unknown {
    const length = this.#bytes.readUInt32BE(this.#advance(4));
    const start = this.#advance(length);
    const text = this.#bytes.toString('utf8', start, this.#offset);
    if (!text.includes('\uFFFD')) return text;
    const slice = this.#bytes.subarray(start, this.#offset);
    try {
      return utf8.decode(slice);
    } catch {
      return slice; // not UTF-8: py-amqp hands such a string over as bytes
    }
  }

  #bytesValue(): Buffer {
    const length = this.#bytes.readUInt32BE(this.#advance(4));
    const start = this.#advance(length);
    return this.#bytes.subarray(start, this.#offset);
  }

  #timestamp(): Date {
    const date = new Date(Number(this.#bytes.readBigUInt64BE(this.#advance(8))) * 1000);
    if (Number.isNaN(date.getTime())) throw new FieldTableError('a timestamp is beyond the range of dates');
    return date;
  }

  #decimal(): string {
    const scale = this.#bytes.readUInt8(this.#advance(1));
    const digits = String(this.#bytes.readInt32BE(this.#advance(4)));
    if (scale === 0) return digits;
    const negative = digits.startsWith('-');
    const padded = digits.slice(negative ? 1 : 0).padStart(scale + 1, '0');
    return `${negative ? '-' : ''}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }

  #openLength(): number {
    const length = this.#bytes.readUInt32BE(this.#advance(4));
    const end = this.#offset + length;
    if (end > this.#bytes.length)
      throw new FieldTableError(`a table of ${length} bytes runs past the end of the frame`);
    return end;
  }

  #advance(length: number): number {
    const start = this.#offset;
    this.#offset = start + length;
    if (this.#offset > this.#bytes.length)
      throw new FieldTableError('a field runs past the end of the frame');
    return start;
  }
}

function tooManyFields(): FieldTableError {
  return new FieldTableError(`a table has more than ${maxFields} fields`);
}

/** Sets an own property, also where the name is `__proto__` and an assignment would set the prototype. */
function setField(table: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(table, name, { value, enumerable: true, configurable: true, writable: true });
  else table[name] = value;
}

function safeInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
