import { loadPureFunctions } from '@celeriac/testing';
import fc from 'fast-check';
import { parseJson } from './parse-json.ts';
import { DecodeError } from './protocol-error.ts';
import type { PythonFloat } from './python-float.ts';
import { float } from './python-float.ts';
import { pythonRepr } from './python-repr.ts';
import { PythonScalar } from './python-scalar.ts';
import { writeJson } from './write-json.ts';

interface DecodeVector {
  readonly json: string;
  readonly ok: boolean;
  readonly python_repr?: string;
}

const vectors = loadPureFunctions();
const decodes = vectors['json_decode'] as readonly DecodeVector[];
const typed = vectors['typed_to_json'] as readonly { json: string; python_repr: string }[];

describe('parseJson', () => {
  it.each(decodes.filter(({ ok }) => ok))('reads $json as Python does', ({ json, python_repr: repr }) => {
    expect(pythonRepr(parseJson(json, { floats: 'keep' }))).toBe(repr);
  });

  it.each(decodes.filter(({ ok }) => !ok))('refuses $json as Python does', ({ json }) => {
    expect(() => parseJson(json)).toThrow(DecodeError);
  });

  it.each(typed)('reads the envelope $json and writes it again', ({ json, python_repr: repr }) => {
    const value = parseJson(json);
    if (!Array.isArray(value)) expect(pythonRepr(value)).toBe(repr);
    expect(writeJson(value)).toBe(json);
  });

  it.each([
    ['[3.0, 1e3, -0.0, 1.5]', [3, 1000, -0, 1.5]],
    ['[-0]', [0]],
    ['[-0.0]', [-0]],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['[-123456789012345678]', [-123456789012345678n]],
    ['0.30000000000000004', 0.30000000000000004],
    ['1e400', Infinity],
    [' [ 1 , "a\\nb" ] ', [1, 'a\nb']],
    ['{"a": NaN, "b": [-Infinity]}', { a: NaN, b: [-Infinity] }],
    [String.raw`{"\u005f_type__": "bytes", "__value__": "x"}`, Buffer.from('x')],
    [
      String.raw`{"__t\u0079pe__": "date", "__value__": "2024-05-06"}`,
      new PythonScalar('date', '2024-05-06'),
    ],
  ])('reads %s', (text, value) => {
    expect(parseJson(text)).toStrictEqual(value);
  });

  it('keeps integral floats apart from ints when asked', () => {
    expect(parseJson('[3.0, 3, 1e3, -0.0, 0.5]', { floats: 'keep' })).toStrictEqual([
      float(3),
      3,
      float(1000),
      float(-0),
      0.5,
    ]);
  });

  it.each([
    ['{"__proto__": {"polluted": true}}'],
    [String.raw`{"__prot\u006f__": {"polluted": true}}`],
    ['{"n": NaN, "__proto__": {"polluted": true}}'],
  ])('makes __proto__ in %s an own member and pollutes nothing', (text) => {
    const value = parseJson(text) as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.hasOwn(value, '__proto__')).toBe(true);
    expect(value['polluted']).toBeUndefined();
  });

  it.each([
    ['[1, }', 'JSON is broken at character 4: expected a value, found "}"'],
    ['{"a" 1}', `JSON is broken at character 5: expected ':', found "1}"`],
    [
      '{"a": 1 "b"}',
      `JSON is broken at character 8: expected ',' or the end of the container, found "\\"b\\"}"`,
    ],
    ['["abc', 'JSON is broken at character 1: expected a string, found "\\"abc"'],
    ['["a\nb"]', 'expected a string'],
    [String.raw`["\x"]`, 'expected a string'],
    ['[1] 2', 'JSON is broken at character 4: expected the end, found "2"'],
    ['[', 'JSON is broken at character 1: expected a value, found the end'],
    ['01', 'expected the end'],
    ['-', 'expected a value'],
    ['+1', 'expected a value'],
    ['.5', 'expected a value'],
    ['undefined', 'expected a value'],
    ['{"__type__": "nope", "__value__": 1}', '__type__ names no known type'],
    ['{"__type__": ["bytes"], "__value__": "a"}', '__type__ names no known type'],
    ['{"__type__": "datetime", "__value__": "soon"}', 'PythonScalar of kind datetime'],
    ['{"__type__": "base64", "__value__": "YQ"}', 'wrongly padded'],
    [String.raw`{"__type__": "bytes", "__value__": "\ud800"}`, 'lone surrogate'],
    [`[${'1'.repeat(4301)}]`, 'more than 4300 digits'],
  ])('refuses %s and says where and why', (text, message) => {
    expect(() => parseJson(text)).toThrow(DecodeError);
    expect(() => parseJson(text)).toThrow(message);
  });

  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])(
    'reads %s nested 1000 deep, and refuses 1001 and a million without exhausting the stack',
    (_, open, close) => {
      const nest = (levels: number): string =>
        open.repeat(levels) + (open === '[' ? '' : '1') + close.repeat(levels);
      expect(() => parseJson(nest(1000))).not.toThrow();
      expect(() => parseJson(nest(1001))).toThrow('nested deeper than 1000 levels');
      expect(() => parseJson(open.repeat(1_000_000))).toThrow(DecodeError);
      expect(() => parseJson(`["${'\\\\'.repeat(100_000)}]]]]]", ${nest(1001)}]`)).toThrow(
        'nested deeper than 1000 levels',
      );
    },
  );

  it('reads what JSON.parse reads, as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false }), fc.constantFrom(undefined, 2), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), undefined, indent);
        // integers beyond 2^53 are bigints here, and minus zero as an int is zero
        fc.pre(!/\d{16}|-0/.test(spaced) && !spaced.includes('__type__'));
        expect(parseJson(spaced)).toStrictEqual(JSON.parse(spaced));
        expect(parseJson(`[NaN, ${spaced}]`)).toStrictEqual([NaN, JSON.parse(spaced)]);
      }),
    );
  });

  const scalar = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.bigInt().filter((n) => !Number.isSafeInteger(Number(n))),
    fc.double().map((n) => (Number.isInteger(n) ? float(n) : n)),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.uuid().map((text) => new PythonScalar('uuid', text)),
    fc
      .date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59Z'),
        noInvalidDate: true,
      })
      .map((date) => new PythonScalar('datetime', date.toISOString())),
  );
  const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));

  it('reads back what writeJson wrote', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = writeJson(value);
        expect(text).toMatch(/^[ -~]*$/);
        const again = parseJson(text, { floats: 'keep' });
        expect(again).toStrictEqual(value);
        expect(writeJson(again)).toBe(text);
      }),
    );
  });

  it('refuses any text that is no JSON with a DecodeError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: fc.constantFrom(...Array.from('[]{}",:-0123.eE\\utrnNI ')) }),
        ),
        (text) => {
          try {
            parseJson(text);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives a float that does arithmetic', () => {
    const [nine] = parseJson('[9.0]', { floats: 'keep' }) as [PythonFloat];
    expect(Number(nine) + 1).toBe(10);
    expect(String(nine)).toBe('9.0');
    expect(JSON.stringify(nine)).toBe('9');
  });
});
