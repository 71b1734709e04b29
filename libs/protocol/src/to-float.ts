import { floatFromText } from './float-from-text.ts';
import { PythonError } from './python-error.ts';
import { PythonFloat } from './python-float.ts';
import { pythonRepr } from './python-repr.ts';
import { PythonScalar } from './python-scalar.ts';
import { pythonTypeName } from './python-type-name.ts';

function fromText(text: string, original: unknown): number {
  const n = floatFromText(text);
  if (n === undefined)
    throw new PythonError('ValueError', [`could not convert string to float: ${pythonRepr(original)}`]);
  return n;
}

function fromBigint(value: bigint): number {
  const n = Number(value);
  if (!Number.isFinite(n)) throw new PythonError('OverflowError', ['int too large to convert to float']);
  return n;
}

function fromDecimal(text: string): number {
  if (text.includes('sNaN')) throw new PythonError('ValueError', ['cannot convert signaling NaN to float']);
  return Number(text.replace(/^(-?)NaN.*$/, 'NaN'));
}

/**
 * Python's `float(value)`, with its exceptions.
 *
 * [FLOAT-CALL] Source: CPython 3.11, Objects/abstract.c `PyNumber_Float`; vectors `calculator`.
 *
 * @throws PythonError ValueError for a text that is no number, TypeError for a type that is none,
 * OverflowError for an int beyond the largest float
 */
export function pythonFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return fromText(value, value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint') return fromBigint(value);
  if (value instanceof PythonFloat) return value.value;
  if (value instanceof PythonScalar && value.kind === 'decimal') return fromDecimal(value.text);
  if (value instanceof Uint8Array)
    return fromText(
      Buffer.from(value)
        .toString('latin1')
        .replace(/[\x80-\xff]/g, '?'),
      value,
    );
  throw new PythonError('TypeError', [
    `float() argument must be a string or a real number, not '${pythonTypeName(value)}'`,
  ]);
}
