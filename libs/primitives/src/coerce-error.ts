import { inspect, types } from 'node:util';

/** The one way from a caught value to an `Error`: errors stay as they are, anything else is described. */
export function coerceError(caught: unknown): Error {
  // an error of another realm (a vm context) is no instance of this one's class
  if (caught instanceof Error || types.isNativeError(caught)) return caught;
  return new Error(typeof caught === 'string' ? caught : inspect(caught, { depth: 2 }), { cause: caught });
}
