import { PythonFloat, PythonScalar } from '@celeriac/protocol';

/** Deeper values are not looked into: JSON that deep is refused when it is read, and no contract is that deep. */
const maxDepth = 1000;

/**
 * A value as JSON Schema can judge it: floats that Python shall see as such and bigints become plain numbers, typed
 * scalars their text, bytes a string. Never published: it may have lost digits.
 */
export function plainView(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return clampToDouble(value);
  if (typeof value !== 'object' || value === null || depth > maxDepth) return value;
  if (value instanceof PythonFloat) return value.value;
  if (value instanceof PythonScalar) return value.text;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((item: unknown) => plainView(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainView(item, depth + 1)]));
}

/** Integers beyond the doubles stay integers, and large: only how large is lost. */
function clampToDouble(value: bigint): number {
  const number = Number(value);
  return Number.isFinite(number) ? number : Math.sign(number) * Number.MAX_VALUE;
}
