import { isPythonInt } from '../float-text.ts';
import { pythonIsoformat } from '../isoformat.ts';
import { EncodeError } from '../protocol-error.ts';
import { PythonFloat } from '../python-float.ts';
import { PythonScalar } from '../python-scalar.ts';
import { Unwritable } from '../unwritable.ts';
import { maxNesting } from './content-limits.ts';

/** How a writer of one format writes each kind of value that Python has. */
export interface PythonValueWriter {
  /** The format, for errors. */
  readonly format: string;
  none(): void;
  bool(value: boolean): void;
  int(value: bigint): void;
  float(value: number): void;
  str(value: string): void;
  bytes(value: Uint8Array): void;
  /** A date, time, Decimal or UUID; false where the format has no form for it. */
  scalar(value: PythonScalar): boolean;
  list(items: readonly unknown[], depth: number, writeItem: (item: unknown, index: number) => void): void;
  dict(
    entries: readonly (readonly [string, unknown])[],
    depth: number,
    writeValue: (value: unknown, key: string) => void,
  ): void;
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}

/** Walks a value as {@link writePythonValue} says. */
class Walker {
  private readonly writer: PythonValueWriter;

  constructor(writer: PythonValueWriter) {
    this.writer = writer;
  }

  write(value: unknown, depth: number): void {
    const { writer } = this;
    switch (typeof value) {
      case 'string':
        writer.str(value);
        return;
      case 'number':
        if (isPythonInt(value)) writer.int(BigInt(value));
        else writer.float(value);
        return;
      case 'boolean':
        writer.bool(value);
        return;
      case 'bigint':
        writer.int(value);
        return;
      case 'undefined':
        writer.none();
        return;
      case 'object':
        if (value === null) writer.none();
        else this.writeObject(value, depth);
        return;
      case 'function':
      case 'symbol':
        throw this.withoutForm(typeof value);
    }
  }

  private writeObject(value: object, depth: number): void {
    const { writer } = this;
    if (depth >= maxNesting)
      throw new Unwritable(`is nested deeper than ${maxNesting} levels, or contains itself`);
    if (Array.isArray(value)) this.writeList(value as readonly unknown[], depth);
    else if (value instanceof PythonFloat) writer.float(value.value);
    else if (value instanceof Uint8Array) writer.bytes(value);
    else if (value instanceof PythonScalar) this.writeScalar(value);
    else if (value instanceof Date) this.writeScalar(new PythonScalar('datetime', pythonIsoformat(value)));
    else if (hasToJson(value)) this.write(value.toJSON(), depth);
    else this.writeDict(value, depth);
  }

  private writeScalar(scalar: PythonScalar): void {
    if (!this.writer.scalar(scalar)) throw this.withoutForm(scalar.kind);
  }

  private writeList(items: readonly unknown[], depth: number): void {
    this.writer.list(items, depth, (item, index) => {
      this.writeAt(item, depth, index);
    });
  }

  private writeDict(value: object, depth: number): void {
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    if (tag !== 'Object') throw this.withoutForm(tag);
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    this.writer.dict(entries, depth, (member, key) => {
      this.writeAt(member, depth, key);
    });
  }

  private writeAt(value: unknown, depth: number, key: string | number): void {
    try {
      this.write(value, depth + 1);
    } catch (error) {
      throw error instanceof Unwritable ? error.at(key) : error;
    }
  }

  private withoutForm(type: string): Unwritable {
    return new Unwritable(`is a ${type}, for which ${this.writer.format} has no form`);
  }
}

/**
 * Hands a value to a writer as the values of Python that it stands for, by the same rules as `writeJson`: a number is an
 * int when it is a safe integer, `undefined` is None in an array and left out of an object, `toJSON` speaks for its object.
 *
 * @throws EncodeError when a value has no form in the format, is nested too deeply or contains itself; names the path to it
 */
export function writePythonValue(value: unknown, writer: PythonValueWriter): void {
  try {
    new Walker(writer).write(value, 0);
  } catch (error) {
    if (error instanceof Unwritable) throw new EncodeError(`value${error.path} ${error.message}`);
    throw error;
  }
}
