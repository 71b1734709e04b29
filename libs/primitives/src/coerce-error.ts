import { inspect, types } from 'node:util';

/**
 * The one way from a caught value to an `Error`. Never throws, and what it gives can be read: `name`, `message`, `stack`,
 * `cause` and `constructor.name`.
 *
 * Errors stay as they are. Anything else is described: a value that is no error, a Proxy, an error whose getters throw.
 */
export function coerceError(caught: unknown): Error {
  try {
    return isReadableError(caught) ? caught : described(caught);
  } catch (error) {
    return unreadable(error);
  }
}

/** @throws whatever looking at it throws */
function isReadableError(caught: unknown): caught is Error {
  // a trap of a Proxy may throw at any later look, so that a first look proves nothing
  return !types.isProxy(caught) && isError(caught) && fieldsOf(caught).length > 0;
}

/** An error of another realm (a vm context) is no instance of this one's class. */
function isError(caught: unknown): caught is Error {
  return types.isNativeError(caught) || caught instanceof Error || isDomException(caught);
}

/** Node's own, of an abort, say: no native error, and of another realm no instance of this one's class. */
function isDomException(caught: unknown): boolean {
  return Object.prototype.toString.call(caught) === '[object DOMException]';
}

/** What is made of an error reads these. @throws whatever reading them throws */
function fieldsOf(error: Error): readonly unknown[] {
  const { constructor } = error as { constructor?: { name?: unknown } };
  return [error.name, error.message, error.stack, error.cause, constructor?.name];
}

function described(caught: unknown): Error {
  return new Error(typeof caught === 'string' ? caught : inspect(caught, { depth: 2, getters: false }), {
    cause: types.isProxy(caught) ? undefined : caught,
  });
}

/** @param thrown what the look at a caught value threw: it may be as bad as that value */
function unreadable(thrown: unknown): Error {
  let reason = 'a look at it throws';
  try {
    if (types.isNativeError(thrown) && typeof thrown.message === 'string') reason = thrown.message;
  } catch {
    // nothing can be said about it
  }
  return new Error(`what was thrown cannot be read: ${reason}`);
}
