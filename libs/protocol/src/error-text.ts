import { pythonRepr } from './python-repr.ts';
import { saferepr } from './saferepr.ts';
import { writeJson } from './write-json.ts';

/**
 * Longest traceback of an error that is stored or told, in characters; the arguments, its message among them, have a
 * quarter of it. A worker stores it, a monitor keeps it and a caller holds it until its result is forgotten.
 */
export const defaultMaxErrorText = 65_536;

/** Most arguments of an error; Python's have a handful. */
const maxArguments = 32;
/** Longest name of a class or module. */
const maxName = 256;
/** What is shown of an argument when those before it have taken all room. */
const leastArgument = 64;

/** A text without its middle, when it is longer than `max`: the beginning says what happened, a traceback's end where. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const head = Math.ceil(max / 2);
  const tail = text.length - (max - head);
  // half a surrogate pair is no character
  const start = text.slice(0, head).replace(/[\ud800-\udbff]$/, '');
  const end = text.slice(tail).replace(/^[\udc00-\udfff]/, '');
  return `${start} … ${tail - head} of ${text.length} characters left out … ${end}`;
}

/** The name of a class or module, cut. */
export function cutName(name: string): string {
  return cutText(name, maxName);
}

/** The arguments of an exception as they are where JSON can carry them in so much text, else their cut texts. */
export function writableArguments(args: readonly unknown[], maxText: number): readonly unknown[] {
  let rest = Math.floor(maxText / 4);
  const written = args.slice(0, maxArguments).map((argument) => {
    const room = Math.max(rest, leastArgument);
    const writable = writableArgument(argument, room);
    rest -= writable.length;
    return writable.value;
  });
  const left = args.length - written.length;
  return left > 0 ? [...written, `… ${left} more arguments`] : written;
}

interface WritableArgument {
  readonly value: unknown;
  readonly length: number;
}

function writableArgument(argument: unknown, room: number): WritableArgument {
  if (typeof argument === 'string') return textArgument(argument, room);
  try {
    const { length } = writeJson(argument);
    if (length > room) return textArgument(saferepr(argument, room), room);
    return { value: argument === undefined ? null : argument, length };
  } catch {
    // whatever stands in the way, the failure must get through
    return textArgument(pythonRepr(argument), room);
  }
}

function textArgument(text: string, room: number): WritableArgument {
  const value = cutText(text, room);
  return { value, length: value.length };
}
