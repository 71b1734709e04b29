import { DecodeError, parseIsoformat, parseJson, pythonTypeName } from '@celeriac/protocol';
import { InvalidArgumentError } from 'commander';

/** A list of names as Celery takes it, separated by commas. @throws InvalidArgumentError when there is none */
export function commaSeparatedList(text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('It must be names separated by commas.');
  return [...new Set(names)];
}

/**
 * Positional arguments: a JSON array, read as Python reads it, so that `7.0` is sent as `7.0`.
 *
 * @throws InvalidArgumentError saying where the text stops being one
 */
export function jsonArray(text: string): readonly unknown[] {
  const value = json(text, "a JSON array such as '[7, 2]'");
  if (Array.isArray(value)) return value;
  throw new InvalidArgumentError(`It must be a JSON array such as '[7, 2]', not ${typeWithArticle(value)}.`);
}

/**
 * Keyword arguments: a JSON object, read as Python reads it.
 *
 * @throws InvalidArgumentError saying where the text stops being one
 */
export function jsonObject(text: string): Readonly<Record<string, unknown>> {
  const value = json(text, `a JSON object such as '{"base": 3}'`);
  if (isMapping(value)) return value;
  throw new InvalidArgumentError(
    `It must be a JSON object such as '{"base": 3}', not ${typeWithArticle(value)}.`,
  );
}

/** An instant in ISO 8601; UTC where it names no zone. @throws InvalidArgumentError when it is none */
export function instant(text: string): Date {
  try {
    return parseIsoformat(text);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new InvalidArgumentError(
      'It must be an ISO 8601 date and time such as 2030-01-31T08:00:00Z, UTC unless it names a zone.',
    );
  }
}

/** A time in seconds, 0 or more. @throws InvalidArgumentError when it is none */
export function seconds(text: string): number {
  if (isNumber(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number of seconds such as 10 or 0.5.');
}

/** An instant, or seconds from now. @throws InvalidArgumentError when it is neither */
export function instantOrSeconds(text: string): Date | number {
  return isNumber(text) ? Number(text) : instant(text);
}

function isNumber(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text);
}

function json(text: string, expected: string): unknown {
  try {
    return parseJson(text, { floats: 'keep' });
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new InvalidArgumentError(`It must be ${expected}: ${error.message}.`);
  }
}

/** `a str`, `an int`. */
function typeWithArticle(value: unknown): string {
  const name = pythonTypeName(value);
  return `${'aeiou'.includes(name.charAt(0)) ? 'an' : 'a'} ${name}`;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return pythonTypeName(value) === 'dict';
}
