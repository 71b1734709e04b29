import { inspect } from 'node:util';

/** The one way from a caught value to an `Error`: errors stay as they are, anything else is described. */
export function coerceError(caught: unknown): Error {
  if (caught instanceof Error) return caught;
  return new Error(typeof caught === 'string' ? caught : inspect(caught, { depth: 2 }), { cause: caught });
}
