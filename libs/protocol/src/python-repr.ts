import { floatRepr, isPythonInt } from './float-text.ts';
import { pythonIsoformat } from './isoformat.ts';
import { PythonFloat } from './python-float.ts';
import { PythonScalar } from './python-scalar.ts';
import { scalarRepr } from './scalar-repr.ts';
import { bytesRepr, stringRepr } from './string-repr.ts';

/** Nesting beyond this is shown as `...`: a repr goes into a message, and must never exhaust the stack. */
const maxDepth = 100;

function dateRepr(date: Date): string {
  return Number.isNaN(date.getTime())
    ? 'Invalid Date'
    : scalarRepr(new PythonScalar('datetime', pythonIsoformat(date)));
}

/** Name of an object that is neither a plain one nor a value of Python, as `<Map object>`; undefined for a plain one. */
function foreignName(value: object): string | undefined {
  const tag = Object.prototype.toString.call(value);
  return tag === '[object Object]' ? undefined : `<${tag.slice(8, -1)} object>`;
}

function containerRepr(value: object, open: readonly object[]): string {
  const isList = Array.isArray(value);
  if (open.includes(value) || open.length > maxDepth) return isList ? '[...]' : '{...}';
  const inside = [...open, value];
  if (isList) return `[${value.map((item: unknown) => repr(item, inside)).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${stringRepr(key)}: ${repr(item, inside)}`)
    .join(', ')}}`;
}

function objectRepr(value: object, open: readonly object[]): string {
  if (value instanceof PythonFloat) return floatRepr(value.value);
  if (value instanceof PythonScalar) return scalarRepr(value);
  if (value instanceof Uint8Array) return bytesRepr(value);
  if (value instanceof Date) return dateRepr(value);
  return (Array.isArray(value) ? undefined : foreignName(value)) ?? containerRepr(value, open);
}

function repr(value: unknown, open: readonly object[]): string {
  switch (typeof value) {
    case 'string':
      return stringRepr(value);
    case 'number':
      return isPythonInt(value) ? String(value) : floatRepr(value);
    case 'bigint':
      return value.toString();
    case 'boolean':
      return value ? 'True' : 'False';
    case 'undefined':
      return 'None';
    case 'function':
      return `<function ${value.name}>`;
    case 'symbol':
      return `<${value.toString()}>`;
    case 'object':
      return value === null ? 'None' : objectRepr(value, open);
  }
}

/** Python's `repr` of a value; what Python has no value for is shown between angle brackets. Never throws. */
export function pythonRepr(value: unknown): string {
  try {
    return repr(value, []);
  } catch {
    // a getter or a proxy that throws must not take the place of the error that is being described
    return '<unrepresentable object>';
  }
}

/** Python's `str` of a value: a string as it is, a datetime with a space, everything else as its repr. */
export function pythonStr(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof PythonScalar)
    return value.kind === 'datetime' ? value.text.replace('T', ' ') : value.text;
  if (value instanceof Date && !Number.isNaN(value.getTime()))
    return pythonIsoformat(value).replace('T', ' ');
  return pythonRepr(value);
}
