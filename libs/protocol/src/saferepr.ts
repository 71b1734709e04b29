import { isUtf8 } from 'node:buffer';
import { pythonRepr } from './python-repr.ts';
import { isMapping } from './python-type-name.ts';

export interface SafereprOptions {
  /** Show the outermost array as a tuple, as the arguments of a call with `delay` are. Default false. */
  readonly tuple?: boolean | undefined;
}

/** Containers nested deeper than this are shown as `[...]`. */
const maxLevels = 3;

const surrogates = /[\ud800-\udfff]/;

/** Length in characters, as Python counts. */
function lengthOf(text: string): number {
  return surrogates.test(text) ? Array.from(text).length : text.length;
}

function prefixOf(text: string, length: number): string {
  return surrogates.test(text) ? Array.from(text).slice(0, length).join('') : text.slice(0, length);
}

/** Celery's `truncate`: cuts at the last space before the limit. */
function truncate(text: string, maxLength: number): string {
  // characters are at most as many as UTF-16 units, so that a short text needs no counting
  if (text.length < maxLength || lengthOf(text) < maxLength) return text;
  const prefix = prefixOf(text, maxLength);
  const space = prefix.lastIndexOf(' ');
  return `${space < 0 ? prefix : prefix.slice(0, space)}...`;
}

function quoted(text: string, maxLength: number): string {
  return `'${truncate(text, maxLength).replaceAll("'", "\\'")}'`;
}

function bytesText(bytes: Uint8Array, maxLength: number): string {
  const shown = Buffer.from(bytes.subarray(0, maxLength));
  const text = isUtf8(shown) ? shown.toString() : shown.toString('hex');
  return `b'${text}${bytes.length > maxLength ? '...' : ''}'`;
}

/** One open container: what is still to be shown of it, and how it ends. */
interface Frame {
  readonly value: object;
  readonly keys: readonly string[] | undefined;
  readonly items: readonly unknown[];
  readonly end: string;
  next: number;
}

function openFrame(value: object, isTuple: boolean): Frame {
  if (!Array.isArray(value))
    return { value, keys: Object.keys(value), items: Object.values(value), end: '}', next: 0 };
  const items: readonly unknown[] = value;
  const end = isTuple ? (items.length === 1 ? ',)' : ')') : ']';
  return { value, keys: undefined, items, end, next: 0 };
}

/** The writer counts down what may still be shown; at zero it closes what is open and stops. */
class SafeWriter {
  private text = '';
  private left: number;
  private readonly frames: Frame[] = [];

  constructor(maxLength: number) {
    this.left = maxLength;
  }

  write(value: unknown, isTuple: boolean): string {
    if (!this.show(value, isTuple)) return this.close();
    for (let frame = this.frames.at(-1); frame !== undefined; frame = this.frames.at(-1)) {
      if (!this.advance(frame)) return this.close();
    }
    return this.text;
  }

  /** Shows the next item of the frame, or its end. */
  private advance(frame: Frame): boolean {
    if (frame.next === frame.items.length) {
      this.frames.pop();
      return this.put(frame.end);
    }
    const index = frame.next++;
    if (index > 0 && !this.put(', ')) return false;
    const key = frame.keys?.[index];
    if (key !== undefined && !(this.isRoom() && this.put(quoted(key, this.left)) && this.put(': ')))
      return false;
    return this.show(frame.items[index], false);
  }

  private show(value: unknown, isTuple: boolean): boolean {
    const isList = Array.isArray(value);
    return isList || isPlain(value) ? this.showContainer(value, isList, isTuple) : this.showScalar(value);
  }

  private showContainer(value: object, isList: boolean, isTuple: boolean): boolean {
    const [start = '', end = ''] = isList ? (isTuple ? '()' : '[]') : '{}';
    if (this.frames.length >= maxLevels) return this.put(truncate(`${start}...${end}`, this.left));
    if (this.frames.some((frame) => frame.value === value)) {
      return this.put(truncate(`<Recursion on ${isList ? 'list' : 'dict'}>`, this.left));
    }
    // open even when there is no room to show its start: Celery shows the end then
    this.frames.push(openFrame(value, isTuple));
    return this.put(start);
  }

  private showScalar(value: unknown): boolean {
    if (!this.isRoom()) return false;
    if (typeof value === 'string') return this.put(quoted(value, this.left));
    if (value instanceof Uint8Array) return this.put(bytesText(value, this.left));
    return this.put(truncate(pythonRepr(value), this.left));
  }

  private isRoom(): boolean {
    return this.left > 0;
  }

  private put(text: string): boolean {
    if (!this.isRoom()) return false;
    this.text += text;
    this.left -= lengthOf(text);
    return true;
  }

  private close(): string {
    this.text += ', ...';
    for (const frame of this.frames.toReversed()) this.text += frame.end;
    return this.text;
  }
}

function isPlain(value: unknown): value is object {
  return isMapping(value) && Object.prototype.toString.call(value) === '[object Object]';
}

/**
 * The text of arguments and results for logs and events: like Python's `repr`, but strings always in single quotes with
 * nothing but the quote escaped, and cut near `maxLength` characters.
 *
 * A text that was cut may lack the last closing bracket, as in every release of Celery up to 5.6.
 *
 * [TASK-SAFEREPR] Source: Celery 5.6.3, celery/utils/saferepr.py; vectors `pure-functions: saferepr_1024`.
 */
export function saferepr(value: unknown, maxLength = 1024, options: SafereprOptions = {}): string {
  return new SafeWriter(maxLength).write(value, options.tuple ?? false);
}
