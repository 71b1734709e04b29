import { pythonTypeName } from '@celeriac/protocol';
import type { ErrorObject } from 'ajv';

const wordByType: ReadonlyMap<unknown, string> = new Map([
  ['number', 'a number'],
  ['integer', 'an integer'],
  ['string', 'a string'],
  ['boolean', 'a boolean'],
  ['array', 'an array'],
  ['object', 'an object'],
]);

const maxShownCharacters = 60;

/** True when an error says that a value as a whole is not what it must be, rather than that a part of it is wrong. */
export function isMismatch({ keyword }: ErrorObject): boolean {
  return keyword === 'type' || keyword === 'const' || keyword === 'enum';
}

/** What the value must be for one of these errors not to be there: `a number, a boolean or "ND"`. */
export function inWords(mismatches: readonly ErrorObject[]): string {
  const expected = mismatches.flatMap(expectationsOf);
  const words = [...new Set(expected)].filter(
    (word) => word !== 'an integer' || !expected.includes('a number'),
  );
  const last = words.pop() ?? 'something else';
  return words.length === 0 ? last : `${words.join(', ')} or ${last}`;
}

function expectationsOf({ keyword, params }: ErrorObject): string[] {
  const { type, allowedValue, allowedValues } = params as Readonly<Record<string, unknown>>;
  if (keyword === 'const') return [describeValue(allowedValue)];
  if (keyword === 'enum') return Array.isArray(allowedValues) ? allowedValues.map(describeValue) : [];
  return [type].flat().map((name) => wordByType.get(name) ?? String(name));
}

/** A value in a few words: scalars as JSON has them, shortened; of others, what they are. */
export function describeValue(value: unknown): string {
  if (typeof value === 'bigint')
    return `${shorten(String(value))}, an integer beyond the exact ones of JavaScript`;
  if (typeof value === 'string') return shorten(JSON.stringify(value));
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  const typeName = pythonTypeName(value);
  return typeName === 'dict' ? 'an object' : `a ${typeName}`;
}

function shorten(text: string): string {
  return text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text;
}
