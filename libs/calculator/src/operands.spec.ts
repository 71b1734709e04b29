import { PythonError, PythonScalar } from '@celeriac/protocol';

import { readOperands } from './operands.ts';

describe('readOperands', () => {
  it.each<[unknown, [number, number]]>([
    [{ num_1: 7, num_2: 2 }, [7, 2]],
    [{ num_1: ' 1_0.5 ', num_2: '-inf' }, [10.5, -Infinity]],
    [{ num_1: true, num_2: false, more: 'ignored' }, [1, 0]],
    [{ num_1: 2n ** 53n + 1n, num_2: 0 }, [2 ** 53, 0]],
    [Object.assign(Object.create(null) as object, { num_1: 1, num_2: 2 }), [1, 2]],
  ])('reads %p', (payload, operands) => {
    expect(readOperands(payload)).toEqual(operands);
  });

  // recorded with CPython 3.11.7: float(payload['num_1']), float(payload['num_2'])
  it.each<[unknown, string, string]>([
    [{}, 'KeyError', 'num_1'],
    [{ num_2: 1 }, 'KeyError', 'num_1'],
    [{ num_1: 1 }, 'KeyError', 'num_2'],
    [{ num_1: 'abc' }, 'ValueError', "could not convert string to float: 'abc'"],
    [
      { num_1: null, num_2: 'abc' },
      'TypeError',
      "float() argument must be a string or a real number, not 'NoneType'",
    ],
    [{ num_1: 1, num_2: [] }, 'TypeError', "float() argument must be a string or a real number, not 'list'"],
    [{ num_1: 10n ** 400n, num_2: 1 }, 'OverflowError', 'int too large to convert to float'],
    [[1, 2], 'TypeError', 'list indices must be integers or slices, not str'],
    [null, 'TypeError', "'NoneType' object is not subscriptable"],
    ['num_1', 'TypeError', "string indices must be integers, not 'str'"],
    [1, 'TypeError', "'int' object is not subscriptable"],
    [2n ** 70n, 'TypeError', "'int' object is not subscriptable"],
    [1.5, 'TypeError', "'float' object is not subscriptable"],
    [true, 'TypeError', "'bool' object is not subscriptable"],
    [Buffer.from('a'), 'TypeError', 'byte indices must be integers or slices, not str'],
    [
      new PythonScalar('datetime', '2026-11-22T10:24:12'),
      'TypeError',
      "'datetime.datetime' object is not subscriptable",
    ],
    [new PythonScalar('decimal', '1'), 'TypeError', "'decimal.Decimal' object is not subscriptable"],
    [
      new PythonScalar('uuid', '00000000-0000-4000-8000-000000000000'),
      'TypeError',
      "'UUID' object is not subscriptable",
    ],
  ])('fails for %p as Python does, with a %s', (payload, excType, text) => {
    const read = (): unknown => readOperands(payload);
    expect(read).toThrow(PythonError);
    expect(read).toThrow(
      expect.objectContaining({ excType, excModule: 'builtins', excArgs: [text] }) as Error,
    );
  });

  it.each(['__proto__', 'constructor'])(
    'finds no operand on a prototype, with a payload that has %s',
    (name) => {
      const payload: unknown = JSON.parse(`{"${name}": {"num_1": 1, "num_2": 2}}`);
      expect(() => readOperands(payload)).toThrow(
        expect.objectContaining({ excType: 'KeyError', excArgs: ['num_1'] }) as Error,
      );
    },
  );
});
