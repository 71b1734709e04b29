import { pythonFloat, PythonError, pythonTypeName } from '@celeriac/protocol';

/**
 * The operands of a payload, in Python's words `float(payload['num_1']), float(payload['num_2'])`: one after the other,
 * so that what is wrong with the first is what the caller hears.
 *
 * @throws PythonError `KeyError` when an operand is missing, `TypeError` when the payload is no object or an operand
 * neither number nor string, `ValueError` when a string is no number, `OverflowError` when an integer is too large
 */
export function readOperands(payload: unknown): [number, number] {
  return [pythonFloat(subscript(payload, 'num_1')), pythonFloat(subscript(payload, 'num_2'))];
}

/** Python's `payload[key]` for a string key; the texts are those of Python 3.11. */
function subscript(payload: unknown, key: string): unknown {
  if (isDict(payload)) {
    if (Object.hasOwn(payload, key)) return payload[key];
    throw new PythonError('KeyError', [key]);
  }
  throw new PythonError('TypeError', [notSubscriptable(payload)]);
}

/** True for what JSON's objects become; Buffers, dates and numbers in a typed envelope are objects of other classes. */
function isDict(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function notSubscriptable(payload: unknown): string {
  if (Array.isArray(payload)) return 'list indices must be integers or slices, not str';
  if (typeof payload === 'string') return "string indices must be integers, not 'str'";
  if (payload instanceof Uint8Array) return 'byte indices must be integers or slices, not str';
  return `'${pythonTypeName(payload)}' object is not subscriptable`;
}
