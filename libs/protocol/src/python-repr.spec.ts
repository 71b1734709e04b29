import { float } from './python-float.ts';
import { pythonRepr, pythonStr } from './python-repr.ts';
import { pythonTypeName } from './python-type-name.ts';
import { PythonScalar } from './python-scalar.ts';

const cycle: Record<string, unknown> = { a: 1 };
cycle['self'] = [cycle];

describe('pythonRepr', () => {
  it.each([
    [null, 'None'],
    [undefined, 'None'],
    [true, 'True'],
    [7, '7'],
    [-0, '-0.0'],
    [0.5, '0.5'],
    [float(7), '7.0'],
    [float(NaN), 'nan'],
    [-Infinity, '-inf'],
    [2n ** 70n, '1180591620717411303424'],
    [[1, 'a', [null]], "[1, 'a', [None]]"],
    [{ "it's": { b: [] } }, `{"it's": {'b': []}}`],
    [Buffer.from([0x61, 0xff]), String.raw`b'a\xff'`],
    [new Date(0), 'datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)'],
    [new Date(NaN), 'Invalid Date'],
    [new Map(), '<Map object>'],
    [Symbol('s'), '<Symbol(s)>'],
    [cycle, "{'a': 1, 'self': [{...}]}"],
  ])('shows %p as %s', (value, repr) => {
    expect(pythonRepr(value)).toBe(repr);
  });

  it('shows a value whose fields throw as unrepresentable', () => {
    const hostile = {
      get field(): never {
        throw new Error('no');
      },
    };
    expect(pythonRepr([hostile])).toBe('<unrepresentable object>');
  });

  it('shows what is nested too deep as dots', () => {
    let deep: unknown = [];
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(pythonRepr(deep)).toContain('[...]');
  });
});

describe('pythonStr', () => {
  it('leaves a string as it is and shows anything else', () => {
    expect(pythonStr("it's")).toBe("it's");
    expect(pythonStr(["it's"])).toBe(`["it's"]`);
    expect(pythonStr(new Date(0))).toBe('1970-01-01 00:00:00+00:00');
  });
});

describe('pythonTypeName', () => {
  it.each([
    ['a', 'str'],
    [1, 'int'],
    [1n, 'int'],
    [1.5, 'float'],
    [-0, 'float'],
    [float(1), 'float'],
    [false, 'bool'],
    [null, 'NoneType'],
    [undefined, 'NoneType'],
    [[], 'list'],
    [{}, 'dict'],
    [Buffer.alloc(0), 'bytes'],
    [new Date(0), 'datetime.datetime'],
    [new PythonScalar('decimal', '1'), 'decimal.Decimal'],
    [() => 1, 'object'],
  ])('calls %p %s', (value, name) => {
    expect(pythonTypeName(value)).toBe(name);
  });
});
