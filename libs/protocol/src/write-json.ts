import { isPythonInt, writePythonFloat } from './float-text.ts';
import { writeJsonString } from './json-string.ts';
import { EncodeError } from './protocol-error.ts';
import { PythonFloat } from './python-float.ts';
import type { TypedValueForm } from './typed-values.ts';
import { writeTypedValue } from './typed-values.ts';
import { Unwritable } from './unwritable.ts';

export interface WriteJsonOptions {
  /** `'plain'` writes dates, decimals and uuids as Celery 5.2 does, and refuses bytes. Default `'envelope'`. */
  readonly typedValues?: TypedValueForm | undefined;
}

/** Deepest nesting that Python reads without running out of stack. */
const maxDepth = 1000;

/** Most items of an array: 30 MB of text at least. A sparse array of two items may have 4 billion. */
const maxItems = 10_000_000;

function writeNumber(n: number): string {
  return isPythonInt(n) ? String(n) : writePythonFloat(n);
}

function writeArray(items: readonly unknown[], form: TypedValueForm, depth: number): string {
  if (items.length > maxItems)
    throw new Unwritable(`has ${items.length} items, more than the ${maxItems} that are written`);
  let text = '[';
  let index = 0;
  try {
    for (; index < items.length; index += 1) {
      text += index === 0 ? write(items[index], form, depth) : `, ${write(items[index], form, depth)}`;
    }
  } catch (error) {
    throw error instanceof Unwritable ? error.at(index) : error;
  }
  return `${text}]`;
}

function writeMembers(
  object: Readonly<Record<string, unknown>>,
  form: TypedValueForm,
  depth: number,
): string {
  let text = '';
  let at = '';
  try {
    for (const key of Object.keys(object)) {
      at = key;
      const value = object[key];
      if (value === undefined) continue;
      text += `${text === '' ? '{' : ', '}${writeJsonString(key)}: ${write(value, form, depth)}`;
    }
  } catch (error) {
    throw error instanceof Unwritable ? error.at(at) : error;
  }
  return text === '' ? '{}' : `${text}}`;
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}

function writeObject(value: object, form: TypedValueForm, depth: number): string {
  if (depth > maxDepth) throw new Unwritable(`is nested deeper than ${maxDepth} levels, or contains itself`);
  if (Array.isArray(value)) return writeArray(value, form, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    if (value instanceof PythonFloat) return writePythonFloat(value.value);
    const typed = writeTypedValue(value, form);
    if (typed !== undefined) return typed;
  }
  if (hasToJson(value)) return write(value.toJSON(), form, depth);
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag !== 'Object') throw new Unwritable(`is a ${tag}, for which JSON has no form`);
  return writeMembers(value as Record<string, unknown>, form, depth);
}

function write(value: unknown, form: TypedValueForm, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeJsonString(value);
    case 'number':
      return writeNumber(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return value.toString();
    case 'undefined':
      return 'null';
    case 'object':
      return value === null ? 'null' : writeObject(value, form, depth + 1);
    case 'function':
    case 'symbol':
      throw new Unwritable(`is a ${typeof value}, for which JSON has no form`);
  }
}

/**
 * The text that Python's `json.dumps` gives: separators `", "` and `": "`, ASCII alone, ints and floats apart.
 *
 * A number is an int when it is a safe integer, else a float; `float(9)` makes a float of an integral one, a bigint is
 * always an int. Dates, bytes and typed scalars get kombu's envelopes. `undefined` is null in an array and left out of
 * an object. An object with `toJSON` is written as what that gives.
 *
 * [JSON-WRITE] Source: CPython 3.11, Lib/json/encoder.py; kombu 5.6.2, kombu/utils/json.py `dumps`; vectors
 * `pure-functions: structure_to_json`.
 *
 * @throws EncodeError when a value has no form in JSON, is nested too deeply or contains itself; names the path to it
 */
export function writeJson(value: unknown, options?: WriteJsonOptions): string {
  try {
    return write(value, options?.typedValues ?? 'envelope', 0);
  } catch (error) {
    if (error instanceof Unwritable) throw new EncodeError(`value${error.path} ${error.message}`);
    if (error instanceof RangeError)
      throw new EncodeError(`value cannot be written: ${error.message}`, { cause: error });
    throw error;
  }
}
