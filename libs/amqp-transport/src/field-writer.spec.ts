import fc from 'fast-check';
import { decodeFieldTable } from './field-table.ts';
import { FieldWriter } from './field-writer.ts';

function tableBytes(table: Readonly<Record<string, unknown>>): Buffer {
  const writer = new FieldWriter(16);
  writer.table(table);
  const bytes = Buffer.alloc(writer.length);
  writer.copyTo(bytes);
  return bytes;
}

/** Type letter and bytes of one field, as `I 00000001`. */
function field(value: unknown): string {
  const bytes = tableBytes({ x: value }).subarray(6);
  return `${bytes.toString('latin1', 0, 1)} ${bytes.toString('hex', 1)}`.trim();
}

describe('FieldWriter', () => {
  it.each<[string, unknown, string]>([
    ['a string', 'aé', 'S 0000000361c3a9'],
    ['null', null, 'V'],
    ['a boolean', true, 't 01'],
    ['a small integer', 1, 'I 00000001'],
    ['the smallest int32', -2147483648, 'I 80000000'],
    ['the largest int32', 2147483647, 'I 7fffffff'],
    ['an integer beyond int32', 2147483648, 'l 0000000080000000'],
    ['a negative one beyond int32', -2147483649, 'l ffffffff7fffffff'],
    ['a small bigint', 7n, 'I 00000007'],
    ['a bigint', 2n ** 60n, 'l 1000000000000000'],
    ['a float', 1.5, 'd 3ff8000000000000'],
    ['negative zero', -0, 'd 8000000000000000'],
    ['an object that stands for a number', Object(9), 'd 4022000000000000'],
    ['a date', new Date(1_700_000_000_999), 'T 000000006553f100'],
    ['bytes', Uint8Array.of(1, 255), 'x 0000000201ff'],
    ['an array with a hole', ['a', undefined, 1], 'A 0000000c530000000161564900000001'],
    ['a table', { a: true, gone: undefined }, 'F 0000000401617401'],
    [
      'a table without a prototype',
      Object.assign(Object.create(null) as object, { a: true }),
      'F 0000000401617401',
    ],
    ['a table with a field named valueOf', { valueOf: null }, 'F 000000090776616c75654f6656'],
  ])('writes %s', (_what, value, expected) => {
    expect(field(value)).toBe(expected);
  });

  it('leaves out what is undefined', () => {
    expect(tableBytes({ a: undefined })).toEqual(Buffer.alloc(4));
  });

  it('writes __proto__ as a field like any other', () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":"yes"},"a":"b"}') as Record<string, unknown>;
    const read = decodeFieldTable(tableBytes(hostile), 0);
    expect(Object.keys(read)).toEqual(['__proto__', 'a']);
    expect(read['polluted']).toBeUndefined();
  });

  it.each([
    ['a function', () => 1, 'header x is a function'],
    ['a symbol', Symbol('s'), 'header x is a symbol'],
    ['an integer beyond 64 bits', 2n ** 63n, 'beyond the 64 bits'],
    ['an invalid date', new Date(NaN), 'header x'],
    ['something deep inside', [1, { y: [() => 1] }], 'header x[1].y[0] is a function'],
  ])('refuses %s by name', (_what, x, message) => {
    expect(() => tableBytes({ x })).toThrow(message);
  });

  it('writes what the reader reads back', () => {
    const text = fc.string({ unit: 'binary' }).map((value) => Buffer.from(value).toString());
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        text,
        fc.integer(),
        fc.maxSafeInteger(),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.double({ noNaN: true, noInteger: true }),
        fc.constant(null),
        fc.boolean(),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.array(tie('any')),
        fc.dictionary(fc.string({ maxLength: 60 }), tie('any')),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 60 }), value), (table) => {
        expect(decodeFieldTable(tableBytes(table), 0)).toEqual(withSmallBigints(table));
      }),
    );
  });
});

/** A bigint that a number holds exactly comes back as that number. */
function withSmallBigints(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(withSmallBigints);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, withSmallBigints(member)]);
  return Object.fromEntries(members) as unknown;
}
