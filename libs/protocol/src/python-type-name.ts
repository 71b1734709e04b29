import { isPythonInt } from './float-text.ts';
import { PythonFloat } from './python-float.ts';
import { PythonScalar } from './python-scalar.ts';
import type { PythonScalarKind } from './python-scalar.ts';

const scalarNames: Readonly<Record<PythonScalarKind, string>> = {
  datetime: 'datetime.datetime',
  date: 'datetime.date',
  time: 'datetime.time',
  decimal: 'decimal.Decimal',
  uuid: 'UUID',
};

/** True for a value that Python sees as a dict: an object that is none of the values with a meaning of their own. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof PythonFloat) &&
    !(value instanceof PythonScalar) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Date)
  );
}

function objectTypeName(value: object): string {
  if (Array.isArray(value)) return 'list';
  if (value instanceof PythonFloat) return 'float';
  if (value instanceof PythonScalar) return scalarNames[value.kind];
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Date) return 'datetime.datetime';
  return 'dict';
}

/** The name that Python's own messages give to the type of a value: `int`, `float`, `str`, `NoneType`, `list`, `dict`, … */
export function pythonTypeName(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'str';
    case 'number':
      return isPythonInt(value) ? 'int' : 'float';
    case 'bigint':
      return 'int';
    case 'boolean':
      return 'bool';
    case 'undefined':
      return 'NoneType';
    case 'function':
    case 'symbol':
      return 'object';
    case 'object':
      return value === null ? 'NoneType' : objectTypeName(value);
  }
}
