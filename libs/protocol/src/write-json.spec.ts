import { loadPureFunctions } from '@celeriac/testing';
import { EncodeError } from './protocol-error.ts';
import { float } from './python-float.ts';
import { PythonScalar } from './python-scalar.ts';
import { writeJson } from './write-json.ts';

const vectors = loadPureFunctions();
const ints = vectors['int_to_json'] as readonly { decimal: string; json: string }[];
const structures = vectors['structure_to_json'] as readonly { description: string; json: string }[];
const typed = vectors['typed_to_json'] as readonly { description: string; json: string }[];

const structureValues = new Map<string, unknown>([
  ['list [1, 2.0, "a", null, true, false]', [1, float(2), 'a', null, true, false]],
  ['object {"a": 1, "b": {"c": []}} in insertion order', { a: 1, b: { c: [] } }],
  ['tuple (1, (2, 3))', [1, [2, 3]]],
  [
    'dict with non-string keys {1: "i", null: "n", true... , 1.5: "f"}',
    { '2': 'i', null: 'n', false: 'b', '1.5': 'f' },
  ],
  ['empty list / empty object', [[], {}]],
]);

const typedValues = new Map<string, unknown>([
  ['datetime utc micro', new PythonScalar('datetime', '2024-05-06T07:08:09.123456+00:00')],
  ['datetime naive', new PythonScalar('datetime', '2024-05-06T07:08:09')],
  ['datetime offset', new PythonScalar('datetime', '2024-05-06T07:08:09-03:30')],
  ['datetime milli', new Date('2024-05-06T07:08:09.120Z')],
  ['date', new PythonScalar('date', '2024-05-06')],
  ['time', new PythonScalar('time', '07:08:09')],
  ['time micro', new PythonScalar('time', '07:08:09.001')],
  ['time tz', new PythonScalar('time', '07:08:09Z')],
  ['uuid', new PythonScalar('uuid', '12345678-1234-5678-1234-567812345678')],
  ['decimal', new PythonScalar('decimal', '1.10')],
  ['decimal exp', new PythonScalar('decimal', '1E+3')],
  ['decimal neg', new PythonScalar('decimal', '-0.00')],
  ['decimal nan', new PythonScalar('decimal', 'NaN')],
  ['bytes ascii', Buffer.from('abc')],
  ['bytes utf8', Buffer.from('hé')],
  ['bytes empty', new Uint8Array(0)],
  ['bytes invalid utf8', Buffer.from([0xff, 0])],
  ['bytearray-like in list', [Buffer.from('a'), Uint8Array.of(0x80)]],
]);

describe('writeJson', () => {
  it.each(ints)('writes the int $decimal as $json', ({ decimal, json }) => {
    expect(writeJson(BigInt(decimal))).toBe(json);
    if (Number.isSafeInteger(Number(decimal))) expect(writeJson(Number(decimal))).toBe(json);
  });

  it.each(structures)('writes $description', ({ description, json }) => {
    expect(structureValues.has(description)).toBe(true);
    expect(writeJson(structureValues.get(description))).toBe(json);
  });

  it.each(typed)('writes a typed value: $description', ({ description, json }) => {
    expect(typedValues.has(description)).toBe(true);
    expect(writeJson(typedValues.get(description))).toBe(json);
  });

  it.each([
    [-0, '-0.0'],
    [2 ** 53, '9007199254740992.0'],
    [9, '9'],
    [1.5, '1.5'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
    [float(9), '9.0'],
    [float(Infinity), 'Infinity'],
  ])('writes the number %p as %s', (value, json) => {
    expect(writeJson(value)).toBe(json);
  });

  it('writes undefined as null in an array, and leaves it out of an object', () => {
    expect(writeJson([undefined, { a: undefined, b: 1 }, { a: undefined }])).toBe('[null, {"b": 1}, {}]');
    expect(writeJson(undefined)).toBe('null');
  });

  it('writes an object with toJSON as what that gives, and an instance of a class by its fields', () => {
    class Point {
      readonly x = 1;
      readonly y = float(2);
    }
    expect(writeJson([{ toJSON: () => ({ a: float(1) }) }, new Point()])).toBe(
      '[{"a": 1.0}, {"x": 1, "y": 2.0}]',
    );
  });

  it('writes a member named __proto__ like any other', () => {
    expect(writeJson(JSON.parse('{"__proto__": 1}'))).toBe('{"__proto__": 1}');
  });

  it('writes plain texts for typed values when a peer of Celery 5.2 must read them', () => {
    const value = [
      new Date('2024-05-06T07:08:09.120Z'),
      new PythonScalar('datetime', '2024-05-06T07:08:09-03:30'),
      new PythonScalar('date', '2024-05-06'),
      new PythonScalar('time', '07:08:09'),
      new PythonScalar('uuid', '12345678123456781234567812345678'),
      new PythonScalar('decimal', '1.10'),
    ];
    expect(writeJson(value, { typedValues: 'plain' })).toBe(
      '["2024-05-06T07:08:09.120000Z", "2024-05-06T07:08:09-03:30", "2024-05-06T00:00:00", "07:08:09", ' +
        '"12345678-1234-5678-1234-567812345678", "1.10"]',
    );
    expect(() => writeJson({ a: [Buffer.from('x')] }, { typedValues: 'plain' })).toThrow(EncodeError);
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  let deep: unknown = [];
  for (let level = 0; level < 1000; level += 1) deep = [deep];

  const sparse = Object.assign([1], { length: 2 ** 32 - 1 });

  it.each([
    ['a Map', { a: [1, new Map()] }, 'value.a[1] is a Map, for which JSON has no form'],
    ['a Set', new Set(), 'value is a Set, for which JSON has no form'],
    [
      'a promise',
      { 'two words': Promise.resolve(1) },
      'value["two words"] is a Promise, for which JSON has no form',
    ],
    ['a function', [() => 1], 'value[0] is a function, for which JSON has no form'],
    ['a symbol', { s: Symbol('s') }, 'value.s is a symbol, for which JSON has no form'],
    ['an error', { e: new Error('x') }, 'value.e is a Error, for which JSON has no form'],
    ['an invalid date', { d: new Date(NaN) }, 'a date must lie in the years 1 to 9999'],
    ['itself', cycle, 'is nested deeper than 1000 levels, or contains itself'],
    ['a sparse array of two items', sparse, 'has 4294967295 items, more than the 10000000 that are written'],
    ['what is too deep', deep, 'is nested deeper than 1000 levels, or contains itself'],
  ])('refuses %s', (_, value, message) => {
    expect(() => writeJson(value)).toThrow(EncodeError);
    expect(() => writeJson(value)).toThrow(message);
  });
});
