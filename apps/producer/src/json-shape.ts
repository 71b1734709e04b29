import { writeJson } from '@celeriac/protocol';

/** Whether a value of a body is a JSON object, rather than a list, a scalar or an instance of something. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A name as one step of a JSON pointer, RFC 6901. */
export function pointerToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** A value of a body as a message may show it: its JSON, cut after 60 characters. */
export function shortJson(value: unknown): string {
  const text = writeJson(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
