import { loadPureFunctions } from '@celeriac/testing';
import { writePythonFloat } from './float-text.ts';
import { PythonError } from './python-error.ts';
import { float } from './python-float.ts';
import { PythonScalar } from './python-scalar.ts';
import { pythonFloat } from './to-float.ts';

interface FloatVector {
  readonly input: string;
  readonly ok: boolean;
  readonly json?: string;
  readonly exc_type?: string;
  readonly message?: string;
}

const vectors = loadPureFunctions()['python_float_of_string'] as readonly FloatVector[];

function failureOf(value: unknown): Pick<PythonError, 'excType' | 'excModule' | 'excArgs'> {
  try {
    pythonFloat(value);
  } catch (error) {
    if (error instanceof PythonError) return error;
  }
  throw new Error('expected a PythonError');
}

describe('pythonFloat', () => {
  it.each(vectors.filter(({ ok }) => ok))('reads $input', ({ input, json }) => {
    expect(writePythonFloat(pythonFloat(input))).toBe(json);
  });

  it.each(vectors.filter(({ ok }) => !ok))('refuses $input', ({ input, exc_type: type, message }) => {
    expect(failureOf(input)).toMatchObject({ excType: type, excModule: 'builtins', excArgs: [message] });
  });

  it.each([
    [7, 7],
    [-0, -0],
    [NaN, NaN],
    [true, 1],
    [false, 0],
    [2n ** 53n + 1n, 9007199254740992],
    [float(2.5), 2.5],
    [new PythonScalar('decimal', '1.10'), 1.1],
    [new PythonScalar('decimal', '-Infinity'), -Infinity],
    [new PythonScalar('decimal', '-NaN12'), NaN],
    [Buffer.from(' 1_0 '), 10],
    ['\u{1d7d9}\u{1d7e2}\u{1d7f9}', 103],
  ])('reads %p as %p', (value, n) => {
    expect(pythonFloat(value)).toBe(n);
  });

  it.each([
    [10n ** 400n, 'OverflowError', 'int too large to convert to float'],
    [-(10n ** 400n), 'OverflowError', 'int too large to convert to float'],
    [null, 'TypeError', "float() argument must be a string or a real number, not 'NoneType'"],
    [undefined, 'TypeError', "float() argument must be a string or a real number, not 'NoneType'"],
    [[1], 'TypeError', "float() argument must be a string or a real number, not 'list'"],
    [{}, 'TypeError', "float() argument must be a string or a real number, not 'dict'"],
    [new Date(0), 'TypeError', "float() argument must be a string or a real number, not 'datetime.datetime'"],
    [
      new PythonScalar('uuid', '0'.repeat(32)),
      'TypeError',
      "float() argument must be a string or a real number, not 'UUID'",
    ],
    [new PythonScalar('decimal', 'sNaN'), 'ValueError', 'cannot convert signaling NaN to float'],
    [
      Buffer.from([0xc2, 0xa0, 0x35]),
      'ValueError',
      String.raw`could not convert string to float: b'\xc2\xa05'`,
    ],
    ["it's", 'ValueError', `could not convert string to float: "it's"`],
  ])('refuses %p with a %s', (value, excType, message) => {
    expect(failureOf(value)).toMatchObject({ excType, excArgs: [message], message });
  });
});
