import { endOfString } from './json-text.ts';
import { DecodeError } from './protocol-error.ts';
import { PythonFloat } from './python-float.ts';
import { maxIntDigits } from './serialization/content-limits.ts';
import { setMember } from './serialization/set-member.ts';
import type { ValueCount } from './value-count.ts';
import { BadEnvelope, decodeEnvelope } from './typed-values.ts';

/*
 * text   = ws value ws
 * value  = object | array | string | number | "true" | "false" | "null" | "NaN" | "Infinity" | "-Infinity"
 * number = ["-"] int [frac] [exp], an int when it has neither frac nor exp
 */
const blank = /[ \t\n\r]*/y;
const numberToken = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
// eslint-disable-next-line no-control-regex -- JSON forbids control characters in strings, and only its own reader knows escapes
const notPlain = /[\\\x00-\x1f]/;
const words = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);
const wordToken = /-?[A-Za-z]+/y;

interface ArrayFrame {
  readonly kind: 'array';
  readonly items: unknown[];
}

interface ObjectFrame {
  readonly kind: 'object';
  readonly members: Record<string, unknown>;
  key: string;
}

type Frame = ArrayFrame | ObjectFrame;

/** Stands for a container that has been opened and whose first item comes next. */
const opened = Symbol('opened');

export interface JsonReaderOptions {
  /** Give integral floats as PythonFloat. */
  readonly keepFloats: boolean;
  readonly maxDepth: number;
  readonly count: ValueCount | undefined;
}

/**
 * Reads JSON exactly as Python does: ints of any size, `NaN` and the infinities, typed envelopes, the last of equal keys.
 * It keeps its own stack, so that no nesting can exhaust the machine's.
 *
 * [JSON-READ] Source: CPython 3.11, Lib/json/decoder.py, Lib/json/scanner.py; kombu 5.6.2, kombu/utils/json.py `loads`;
 * vectors `pure-functions: json_decode`.
 */
export class JsonReader {
  private position = 0;
  private readonly frames: Frame[] = [];
  private readonly text: string;
  private readonly options: JsonReaderOptions;

  constructor(text: string, options: JsonReaderOptions) {
    this.text = text;
    this.options = options;
  }

  /** @throws DecodeError naming the place where the text stops being JSON */
  read(): unknown {
    for (;;) {
      let value = this.readValue();
      if (value === opened) continue;
      // a value may end its container, and that one the next
      for (;;) {
        const frame = this.frames.at(-1);
        this.skipBlank();
        if (frame === undefined) return this.end(value);
        if (frame.kind === 'array') frame.items.push(value);
        else setMember(frame.members, frame.key, value);
        if (this.accept(',')) {
          if (frame.kind === 'object') frame.key = this.readKey();
          break;
        }
        if (!this.accept(frame.kind === 'array' ? ']' : '}'))
          this.fail("expected ',' or the end of the container");
        value = this.closeFrame(frame);
      }
    }
  }

  private end(value: unknown): unknown {
    if (this.position < this.text.length) this.fail('expected the end');
    return value;
  }

  private closeFrame(frame: Frame): unknown {
    this.frames.pop();
    if (frame.kind === 'array') return frame.items;
    const { members } = frame;
    if (!Object.hasOwn(members, '__type__') || !Object.hasOwn(members, '__value__')) return members;
    return Object.keys(members).length === 2 ? this.openEnvelope(members) : members;
  }

  private openEnvelope(members: Record<string, unknown>): unknown {
    try {
      return decodeEnvelope(members['__type__'], members['__value__']);
    } catch (error) {
      if (error instanceof BadEnvelope) return this.fail(error.message, error);
      throw error;
    }
  }

  private readValue(): unknown {
    this.options.count?.add(1);
    this.skipBlank();
    const character = this.text[this.position];
    switch (character) {
      case '[':
        return this.openFrame({ kind: 'array', items: [] });
      case '{':
        return this.openFrame({ kind: 'object', members: {}, key: '' });
      case '"':
        return this.readString();
      default:
        return this.readNumber() ?? this.readWord();
    }
  }

  private openFrame(frame: Frame): unknown {
    if (this.frames.length >= this.options.maxDepth)
      this.fail(`nested deeper than ${this.options.maxDepth} levels`);
    this.position += 1;
    this.skipBlank();
    if (this.accept(frame.kind === 'array' ? ']' : '}'))
      return frame.kind === 'array' ? frame.items : frame.members;
    if (frame.kind === 'object') frame.key = this.readKey();
    this.frames.push(frame);
    return opened;
  }

  private readKey(): string {
    this.skipBlank();
    this.options.count?.add(1);
    const key = this.readString();
    this.skipBlank();
    if (!this.accept(':')) this.fail("expected ':'");
    return key;
  }

  private readString(): string {
    const end = this.text[this.position] === '"' ? endOfString(this.text, this.position) : -1;
    if (end < 0) return this.fail('expected a string');
    const token = this.text.slice(this.position, end + 1);
    if (!notPlain.test(token)) {
      this.position = end + 1;
      return token.slice(1, -1);
    }
    try {
      const value = JSON.parse(token) as string;
      this.position = end + 1;
      return value;
    } catch (error) {
      return this.fail('expected a string', error);
    }
  }

  private readNumber(): unknown {
    const match = this.match(numberToken);
    if (match === undefined) return undefined;
    const [token, fraction, exponent] = match;
    const n = Number(token);
    if (fraction === undefined && exponent === undefined) return this.toInt(token, n);
    // a float that is no integer is told from an int by its value
    return this.options.keepFloats && Number.isInteger(n) ? new PythonFloat(n) : n;
  }

  private toInt(token: string, n: number): number | bigint {
    if (Number.isSafeInteger(n)) return n + 0;
    if (token.length > maxIntDigits) this.fail(`an integer has more than ${maxIntDigits} digits`);
    return BigInt(token);
  }

  private readWord(): unknown {
    const start = this.position;
    const word = this.match(wordToken)?.[0] ?? '';
    if (!words.has(word)) {
      this.position = start;
      this.fail('expected a value');
    }
    return words.get(word);
  }

  private match(token: RegExp): RegExpExecArray | undefined {
    token.lastIndex = this.position;
    const match = token.exec(this.text);
    if (match === null) return undefined;
    this.position = token.lastIndex;
    return match;
  }

  private skipBlank(): void {
    blank.lastIndex = this.position;
    blank.test(this.text);
    this.position = blank.lastIndex;
  }

  private accept(character: string): boolean {
    if (this.text[this.position] !== character) return false;
    this.position += 1;
    return true;
  }

  private fail(expectation: string, cause?: unknown): never {
    const found =
      this.position < this.text.length
        ? JSON.stringify(this.text.slice(this.position, this.position + 12))
        : 'the end';
    throw new DecodeError(`JSON is broken at character ${this.position}: ${expectation}, found ${found}`, {
      cause,
    });
  }
}
