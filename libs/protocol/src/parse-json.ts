import { JsonReader } from './json-reader.ts';
import { measureJson } from './json-text.ts';
import type { ValueCount } from './value-count.ts';

export interface ParseJsonOptions {
  /** `'keep'` gives integral floats (`3.0`, `1e3`, `-0.0`) as PythonFloat. Default `'number'`. */
  readonly floats?: 'number' | 'keep' | undefined;
  /** Deepest nesting that is read. Default 1000, where Python ends. */
  readonly maxDepth?: number | undefined;
  /** Counts the values, and limits them. Default: any number. */
  readonly count?: ValueCount | undefined;
}

/** A cheap look for numbers that need a second one. */
const suspectNumber = /\d{16}|-0(?![.eE\d])/;
/** An integer of 16 digits or more, or minus zero as an integer: native reading loses the digits or keeps the sign. */
const trickyNumber = /(?:[\s,:[]|^)(?:-0(?![.eE\d])|-?\d{16})/;
/** An escape that may spell a letter of `__type__`. */
const asciiEscape = /\\u00[5-7]/;
/** What may be a float; also matches within texts, which costs only time. */
const suspectFloat = /\d[.eE]/;

/** True when the native reader sees in the text what Python sees, should it be JSON at all. */
function readsAlike(
  text: string,
  keepFloats: boolean,
  maxDepth: number,
  count: ValueCount | undefined,
): boolean {
  if (text.includes('__type__')) return false;
  if (suspectNumber.test(text) && trickyNumber.test(text)) return false;
  if (text.includes('\\u00') && asciiEscape.test(text)) return false;
  if (keepFloats && suspectFloat.test(text)) return false;
  // no text has more levels or values than characters
  if (text.length <= maxDepth && (count === undefined || text.length <= count.rest)) return true;
  const { depth, values } = measureJson(text, maxDepth, count?.rest ?? Infinity);
  count?.add(values);
  return depth <= maxDepth;
}

/**
 * Reads JSON as Python and kombu do: ints beyond 2^53-1 as bigint, `NaN` and the infinities, typed envelopes as Buffer or
 * PythonScalar, `__proto__` as a key like any other.
 *
 * What the native reader reads the same way is left to it, as it is an order of magnitude faster; see [JSON-READ].
 *
 * @throws DecodeError naming the place where the text stops being JSON, or the envelope that cannot be opened; with reason
 * `too-many-values` before the values are made
 */
export function parseJson(text: string, options?: ParseJsonOptions): unknown {
  const keepFloats = options?.floats === 'keep';
  const maxDepth = options?.maxDepth ?? 1000;
  const { count } = options ?? {};
  if (readsAlike(text, keepFloats, maxDepth, count)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // not JSON in the strict sense; the reader below takes Python's additions and names the place of a mistake
    }
  }
  if (count !== undefined) count.values = 0;
  return new JsonReader(text, { keepFloats, maxDepth, count }).read();
}
