import type { LogFields } from '@celeriac/primitives';
import { cutText } from './cut-text.ts';

/** What a log line may hold of texts and values that come from outside. */
export const logLimits = {
  /** Characters of one text, and of the message of one error. */
  text: 4096,
  /** Characters of the name of a field. */
  name: 256,
  /** Characters of an error's stack, its causes included. */
  stack: 16_384,
  /** Characters of a line, about: names and texts together. */
  line: 65_536,
  /** Values in one object or array. */
  entries: 100,
  /** Values in a line. */
  values: 1000,
  /** Objects inside each other. */
  depth: 6,
  /** Errors in a chain of causes. */
  causes: 8,
} as const;

const largestInteger = 2n ** 256n;

/**
 * The fields of a log line, with every text cut, and objects and arrays bounded in size, number and depth.
 *
 * Callers choose task names, arguments and error messages: without a bound, one of them fills the disk or holds up the
 * event loop. What is left out is counted where it was. Errors become plain objects here, in pino's form: `type`,
 * `message` and `stack` with those of the causes, `aggregateErrors`, and the error's own properties.
 *
 * Never throws, whatever a getter or a `toJSON` does. Fields that are within the bounds come back as they are.
 */
export function boundLogFields(fields: LogFields): LogFields {
  let count = 0;
  for (const name in fields) {
    count++;
    if (count > logLimits.entries || !isSmall(fields[name], name)) return new FieldBounds().record(fields);
  }
  return fields;
}

/** The common case: no copy for a line of short texts and numbers. */
function isSmall(value: unknown, name: string): boolean {
  if (name.length > logLimits.name) return false;
  if (typeof value === 'string') return value.length <= 512;
  return value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean';
}

/** Bounds one line; counts what the line holds already. */
class FieldBounds {
  #textLeft: number = logLimits.line;
  #valuesLeft: number = logLimits.values;
  /** The objects around the value that is looked at. */
  readonly #around = new Set<object>();

  record(fields: object): LogFields {
    return this.#guarded(() => this.#entries(fields)) as LogFields;
  }

  /** A value in JSON's sense, or undefined where JSON has none. */
  #value(value: unknown): unknown {
    if (this.#valuesLeft-- <= 0) return '…';
    switch (typeof value) {
      case 'string':
        return this.#text(value, logLimits.text);
      case 'bigint':
        // the digits of a number take quadratic time
        return value < largestInteger && value > -largestInteger ? value : '[integer of more than 256 bits]';
      case 'object':
        return value === null ? null : this.#guarded(() => this.#object(value));
      case 'function':
      case 'symbol':
        return undefined;
      default:
        return value;
    }
  }

  #text(text: string, most: number): string {
    const kept = cutText(text, Math.min(most, this.#textLeft));
    this.#textLeft = Math.max(0, this.#textLeft - kept.length);
    return kept;
  }

  /** Names keep a few characters on a line that is full, so that its fields can be told apart. */
  #name(name: string): string {
    const kept = cutText(name, this.#textLeft > 0 ? logLimits.name : 32);
    this.#textLeft = Math.max(0, this.#textLeft - kept.length);
    return kept;
  }

  #guarded(read: () => unknown): unknown {
    try {
      return read();
    } catch {
      return '[unreadable]';
    }
  }

  #object(value: object): unknown {
    if (this.#around.has(value)) return '[Circular]';
    if (this.#around.size >= logLimits.depth) return Array.isArray(value) ? '[Array]' : '[Object]';
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    this.#around.add(value);
    try {
      if (isErrorLike(value)) return this.#error(value);
      const { toJSON } = value as { toJSON?: unknown };
      if (typeof toJSON === 'function') return this.#value(Reflect.apply(toJSON, value, []));
      return Array.isArray(value) ? this.#items(value) : this.#entries(value);
    } finally {
      this.#around.delete(value);
    }
  }

  #items(items: readonly unknown[]): unknown[] {
    const kept = items.slice(0, logLimits.entries).map((item) => this.#value(item));
    if (items.length > kept.length) kept.push(`… (${items.length} items)`);
    return kept;
  }

  #entries(record: object, skipped: ReadonlySet<string> = new Set()): Record<string, unknown> {
    const kept: [string, unknown][] = [];
    for (const name in record) {
      if (skipped.has(name) || !Object.hasOwn(record, name)) continue;
      if (kept.length === logLimits.entries) {
        kept.push(['…', '(more fields)']);
        break;
      }
      const shownName = this.#name(name);
      const bounded = this.#value(this.#guarded(() => (record as Record<string, unknown>)[name]));
      if (bounded !== undefined) kept.push([shownName, bounded]);
    }
    return Object.fromEntries(kept); // defines, so that __proto__ is a name like others
  }

  #error(error: ErrorLike): Record<string, unknown> {
    const chain = causesOf(error);
    const messages = chain.map(({ message }) => cutText(message, logLimits.text));
    const stacks = chain.map(stackOf);
    const { errors } = error as { errors?: unknown };
    return {
      type: this.#text(typeNameOf(error), logLimits.name),
      message: this.#text(messages.join(': '), logLimits.text),
      stack: this.#text(stacks.join('\ncaused by: '), logLimits.stack),
      ...(Array.isArray(errors) && { aggregateErrors: this.#items(errors) }),
      ...this.#entries(error, fieldsOfErrors),
    };
  }
}

interface ErrorLike {
  readonly message: string;
  readonly name?: unknown;
  readonly stack?: unknown;
}

/** What the form of an error has already, under these names or others. */
const fieldsOfErrors: ReadonlySet<string> = new Set(['type', 'message', 'stack', 'cause', 'errors']);

function isErrorLike(value: unknown): value is ErrorLike {
  return typeof value === 'object' &&
    value !== null &&
    'message' in value &&
    typeof value.message === 'string'
    ? value instanceof Error || 'stack' in value
    : false;
}

function causesOf(error: ErrorLike): ErrorLike[] {
  const chain: ErrorLike[] = [];
  let next: unknown = error;
  while (isErrorLike(next) && !chain.includes(next)) {
    if (chain.length === logLimits.causes) {
      chain.push({ message: '… (more causes)' });
      break;
    }
    chain.push(next);
    next = (next as { cause?: unknown }).cause;
  }
  return chain;
}

function typeNameOf(error: ErrorLike): string {
  const constructor: unknown = error.constructor;
  const name: unknown = typeof constructor === 'function' ? constructor.name : error.name;
  return typeof name === 'string' ? name : 'Error';
}

/** The stack, with its message cut: a long message must not take the place of the lines that say where. */
function stackOf({ message, stack }: ErrorLike): string {
  if (typeof stack !== 'string') return cutText(message, logLimits.text);
  if (message.length <= logLimits.text) return stack;
  const at = stack.slice(0, 256).indexOf(message.slice(0, 64));
  if (at === -1 || !stack.startsWith(message, at)) return stack;
  return stack.slice(0, at) + cutText(message, logLimits.text) + stack.slice(at + message.length);
}
