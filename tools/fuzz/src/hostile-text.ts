import type { Random } from './random.ts';

const seeds = [
  '',
  '\0',
  '\u{fffd}',
  '💥',
  '\r\n',
  '../../etc/passwd',
  '%s%n',
  '${7*7}',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  '-Infinity',
  '1e999',
  '9'.repeat(5000),
  '-0',
  'addition',
  'add',
  'fakeadd',
  'no.such.task',
  'null',
  'true',
  '2026-11-22T10:24:12.805Z',
  '2026-02-30T25:61:61+99:99',
  '9999-12-31T23:59:59.999999+00:00',
  '0001-01-01T00:00:00',
  'amqp://user:secret@host//',
] as const;

/** Pieces that regular expressions and parsers are slow at when they come often. */
const repeated = [
  '://',
  '?pass',
  'a:',
  '@',
  '(',
  '[',
  '{"a":',
  '\\',
  '"',
  ' ',
  '\t',
  '0',
  '.',
  '/',
  '%',
  '*.',
  '\u0000',
  'é',
  '=',
  '&',
  ';',
] as const;

/**
 * Text that parsers, masks and logs may stumble over: strange ones, and one or two pieces repeated up to `most` characters.
 */
export function hostileText(random: Random, most = 20_000): string {
  if (random.chance(60)) return random.pick(seeds);
  const piece = random.pick(repeated) + (random.chance(50) ? random.pick(repeated) : '');
  const prefix = random.chance(30) ? random.pick(seeds).slice(0, 100) : '';
  // mostly short ones: the length has more to do with the time of the run than with what is found
  const length = random.chance(90) ? random.int(1, 300) : random.int(1, most);
  return prefix + piece.repeat(Math.ceil(length / piece.length));
}
