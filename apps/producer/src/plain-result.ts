import { PythonFloat } from '@celeriac/protocol';

import { isMapping } from './json-shape.ts';

/**
 * A task's value as any JSON reader can take it: `NaN`, `Infinity` and `-Infinity`, which JSON does not have, become the
 * strings of their names. Everything else stays as it is, to be written by `writeJson`.
 */
export function plainResult(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof PythonFloat) return Number.isFinite(value.value) ? value : String(value.value);
  if (Array.isArray(value)) return value.map(plainResult);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainResult(member)]));
}
