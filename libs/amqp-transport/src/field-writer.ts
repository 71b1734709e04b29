/**
 * Writes AMQP shorts, strings and field tables into a buffer that grows; the counterpart of {@link decodeFieldTable}.
 *
 * [AMQP-FIELD-TABLE] Source: py-amqp 5.3.1, amqp/serialization.py `_write_item`: an integer is `I` when it fits 32 bits and
 * otherwise 64 bits, for which we write RabbitMQ's letter `l`; other numbers are `d`, bytes `x`, dates `T` in seconds.
 */
export class FieldWriter {
  #bytes: Buffer;
  #offset = 0;

  constructor(initialBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** How much has been written since the last `reset`. */
  get length(): number {
    return this.#offset;
  }

  /** Starts over; what was written before is void. */
  reset(): void {
    this.#offset = 0;
  }

  copyTo(target: Buffer): void {
    this.#bytes.copy(target, 0, 0, this.#offset);
  }

  octet(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  short(value: number): void {
    const at = this.#reserve(2);
    this.#bytes.writeUInt16BE(value, at);
  }

  long(value: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  longLong(value: bigint): void {
    const at = this.#reserve(8);
    this.#bytes.writeBigInt64BE(value, at);
  }

  /** Overwrites a long that was reserved before, such as a length known only at the end. */
  patchLong(offset: number, value: number): void {
    this.#bytes.writeUInt32BE(value, offset);
  }

  patchShort(offset: number, value: number): void {
    this.#bytes.writeUInt16BE(value, offset);
  }

  /** @throws RangeError when the text has more than 255 bytes; `name` says which text it is */
  shortString(text: string, name: string): void {
    const lengthAt = this.#reserve(1);
    const length = this.#text(text);
    if (length > 255) throw new RangeError(`${name} must have at most 255 bytes, got ${length}`);
    this.#bytes[lengthAt] = length;
  }

  /**
   * A field table from plain values; members that are `undefined` are left out.
   *
   * @throws TypeError for a value that no field type can carry or no broker can read, such as NaN; the message names the
   * header
   */
  table(table: Readonly<Record<string, unknown>>, path = ''): void {
    const lengthAt = this.#reserve(4);
    for (const name of Object.keys(table)) {
      const value = table[name];
      if (value === undefined) continue;
      this.shortString(name, `the name of header ${path}${name.slice(0, 64)}`);
      this.#field(value, path, name);
    }
    this.patchLong(lengthAt, this.#offset - lengthAt - 4);
  }

  #field(value: unknown, path: string, name: string): void {
    switch (typeof value) {
      case 'string':
        this.#longString(value);
        return;
      case 'boolean':
        this.octet(0x74); // t
        this.octet(value ? 1 : 0);
        return;
      case 'number':
        this.#number(value, path, name);
        return;
      case 'bigint':
        this.#integer(value, path, name);
        return;
      case 'object':
        if (value === null)
          this.octet(0x56); // V
        else this.#object(value, path, name);
        return;
      default:
        throw new TypeError(`header ${path}${name} is a ${typeof value}, which no AMQP field type can carry`);
    }
  }

  #number(value: number, path: string, name: string): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.#double(value, path, name);
    } else if (value >= -0x80000000 && value <= 0x7fffffff) {
      this.octet(0x49); // I
      const at = this.#reserve(4);
      this.#bytes.writeInt32BE(value, at);
    } else {
      this.octet(0x6c); // l
      this.longLong(BigInt(value));
    }
  }

  #double(value: number, path: string, name: string): void {
    // RabbitMQ cannot read it, and closes the connection with all that is under way on it
    if (!Number.isFinite(value))
      throw new TypeError(`header ${path}${name} is ${value}, which no broker reads; send it as a string`);
    this.octet(0x64); // d
    const at = this.#reserve(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  #integer(value: bigint, path: string, name: string): void {
    if (Number.isSafeInteger(Number(value))) {
      this.#number(Number(value), path, name);
      return;
    }
    if (BigInt.asIntN(64, value) !== value) {
      throw new TypeError(
        `header ${path}${name} is beyond the 64 bits of an AMQP integer; send it as a string`,
      );
    }
    this.octet(0x6c); // l
    this.longLong(value);
  }

  #object(value: object, path: string, name: string): void {
    if (Array.isArray(value)) {
      this.#array(value, path + name);
    } else if (value instanceof Uint8Array) {
      this.octet(0x78); // x
      this.long(value.byteLength);
      const at = this.#reserve(value.byteLength);
      this.#bytes.set(value, at);
    } else if (value instanceof Date) {
      const seconds = Math.floor(value.getTime() / 1000);
      if (!(seconds >= 0)) throw new TypeError(`header ${path}${name} is a date that AMQP cannot carry`);
      this.octet(0x54); // T
      this.longLong(BigInt(seconds));
    } else if (isNumberLike(value)) {
      this.#double(value.valueOf(), path, name);
    } else {
      this.octet(0x46); // F
      this.table(value as Readonly<Record<string, unknown>>, `${path}${name}.`);
    }
  }

  #array(values: readonly unknown[], path: string): void {
    this.octet(0x41); // A
    const lengthAt = this.#reserve(4);
    for (const [index, value] of values.entries()) this.#field(value ?? null, path, `[${index}]`);
    this.patchLong(lengthAt, this.#offset - lengthAt - 4);
  }

  #longString(text: string): void {
    this.octet(0x53); // S
    const lengthAt = this.#reserve(4);
    this.patchLong(lengthAt, this.#text(text));
  }

  /** Writes UTF-8 and gives its length. Short ASCII, which nearly all of it is, is quicker copied here than by a native call. */
  #text(text: string): number {
    const start = this.#reserve(text.length * 3);
    const bytes = this.#bytes;
    let length = 0;
    if (text.length <= 40) {
      for (; length < text.length; length++) {
        const code = text.charCodeAt(length);
        if (code > 0x7f) break;
        bytes[start + length] = code;
      }
    }
    if (length < text.length) length = bytes.write(text, start);
    this.#offset = start + length;
    return length;
  }

  /** Makes room for `length` bytes and gives where they start. The buffer may be another one afterwards. */
  #reserve(length: number): number {
    const start = this.#offset;
    this.#offset = start + length;
    if (this.#offset > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#offset, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    return start;
  }
}

/**
 * An object that stands for a number, such as a marked Python float: written as a double. A header table may have a
 * field named `valueOf`, or no prototype to inherit it from.
 */
function isNumberLike(value: object): value is { valueOf(): number } {
  return typeof value.valueOf === 'function' && typeof value.valueOf() === 'number';
}
