import { hostileText } from './hostile-text.ts';
import type { Random } from './random.ts';

/** A number as it stands in a JSON text, so that `1e999`, `NaN` and 400 digits can be sent. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const numbers = [
  '0',
  '-1',
  '1.5',
  '-0.0',
  '1e308',
  '1e999',
  'NaN',
  'Infinity',
  '-Infinity',
  '9007199254740993',
  '18446744073709551616',
  '9'.repeat(400),
  '-2147483649',
  '1e-400',
].map((text) => new JsonNumber(text));

/** Any JSON value, hostile ones preferred. */
export function hostileValue(random: Random, depth = 0): unknown {
  switch (random.int(0, depth > 3 ? 3 : 7)) {
    case 0:
      return random.pick(numbers);
    case 1:
      return random.pick([null, true, false]);
    case 2:
    case 3:
      return hostileText(random, 3000);
    case 4:
      return Array.from({ length: random.int(0, 4) }, () => hostileValue(random, depth + 1));
    case 5:
      return nested(random.int(2, random.chance(5) ? 3000 : 20));
    case 6:
      return Array.from({ length: random.chance(2) ? random.int(100, 20_000) : 3 }, () =>
        random.pick([null, [], 0]),
      );
    default:
      return Object.fromEntries(
        Array.from({ length: random.int(0, 4) }, () => [
          hostileText(random, 200),
          hostileValue(random, depth + 1),
        ]),
      );
  }
}

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level++) value = [value];
  return value;
}

/** One place of a value replaced, removed or repeated; the value itself stays as it is. */
export function mutateValue(
  value: unknown,
  random: Random,
  replacement: (random: Random) => unknown,
): unknown {
  if (random.chance(15)) return replacement(random);
  if (Array.isArray(value)) return mutateArray(value, random, replacement);
  if (typeof value === 'object' && value !== null && !(value instanceof JsonNumber))
    return mutateObject(value, random, replacement);
  return replacement(random);
}

function mutateArray(
  array: readonly unknown[],
  random: Random,
  replacement: (random: Random) => unknown,
): unknown[] {
  const copy = [...array];
  const index = random.int(0, copy.length);
  const what = index === copy.length ? 1 : random.int(1, 10);
  if (what === 1) copy.splice(index, 0, replacement(random));
  else if (what === 2) copy.splice(index, 1);
  else copy[index] = mutateValue(copy[index], random, replacement);
  return copy;
}

function mutateObject(value: object, random: Random, replacement: (random: Random) => unknown): object {
  const members = Object.entries(value);
  if (members.length === 0 || random.chance(10))
    members.push([hostileText(random, 200), replacement(random)]);
  const index = random.int(0, members.length - 1);
  const [key, member] = members[index] as [string, unknown];
  const what = random.int(1, 20);
  if (what <= 2) members.splice(index, 1);
  else if (what === 3) members[index] = [hostileText(random, 200), member];
  else members[index] = [key, mutateValue(member, random, replacement)];
  return Object.fromEntries(members);
}

/** The JSON text of a value, as Python's `json` writes it: `NaN` and lone surrogates included. */
export function jsonText(value: unknown): string {
  const parts: string[] = [];
  write(value, parts);
  return parts.join('');
}

type Pending = { readonly value: unknown } | { readonly text: string };

// with a stack of its own, as values are nested more deeply than calls may be
function write(root: unknown, parts: string[]): void {
  const pending: Pending[] = [{ value: root }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if ('text' in next) parts.push(next.text);
    else pending.push(...piecesOf(next.value).reverse());
  }
}

function piecesOf(value: unknown): Pending[] {
  if (value instanceof JsonNumber) return [{ text: value.text }];
  if (Array.isArray(value)) {
    const members = value.flatMap((member: unknown, index): Pending[] => [
      { text: index === 0 ? '' : ',' },
      { value: member },
    ]);
    return [{ text: '[' }, ...members, { text: ']' }];
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).flatMap(([key, member], index): Pending[] => [
      { text: `${index === 0 ? '' : ','}${JSON.stringify(key)}:` },
      { value: member },
    ]);
    return [{ text: '{' }, ...members, { text: '}' }];
  }
  return [{ text: value === undefined ? 'null' : JSON.stringify(value) }];
}
