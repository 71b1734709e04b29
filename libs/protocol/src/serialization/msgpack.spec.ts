import fc from 'fast-check';
import { DecodeError, EncodeError } from '../protocol-error.ts';
import { float } from '../python-float.ts';
import { PythonScalar } from '../python-scalar.ts';
import { parseMsgpack } from './parse-msgpack.ts';
import { writeMsgpack } from './write-msgpack.ts';

/** What Python's msgpack 1.2 packs. */
const packed: readonly (readonly [unknown, string])[] = [
  [null, 'c0'],
  [true, 'c3'],
  [false, 'c2'],
  [0, '00'],
  [127, '7f'],
  [128, 'cc80'],
  [255, 'ccff'],
  [256, 'cd0100'],
  [65535, 'cdffff'],
  [65536, 'ce00010000'],
  [4294967295, 'ceffffffff'],
  [4294967296, 'cf0000000100000000'],
  [9007199254740991, 'cf001fffffffffffff'],
  [-1, 'ff'],
  [-32, 'e0'],
  [-33, 'd0df'],
  [-128, 'd080'],
  [-129, 'd1ff7f'],
  [-32768, 'd18000'],
  [-32769, 'd2ffff7fff'],
  [-2147483648, 'd280000000'],
  [-2147483649, 'd3ffffffff7fffffff'],
  [-9007199254740991, 'd3ffe0000000000001'],
  [9007199254740992n, 'cf0020000000000000'],
  [9223372036854775808n, 'cf8000000000000000'],
  [18446744073709551615n, 'cfffffffffffffffff'],
  [-9223372036854775808n, 'd38000000000000000'],
  [float(1), 'cb3ff0000000000000'],
  [float(-0), 'cb8000000000000000'],
  [1.5, 'cb3ff8000000000000'],
  [float(1e300), 'cb7e37e43c8800759c'],
  [Infinity, 'cb7ff0000000000000'],
  [-Infinity, 'cbfff0000000000000'],
  [NaN, 'cb7ff8000000000000'],
  ['', 'a0'],
  ['é', 'a2c3a9'],
  ['a'.repeat(31), 'bf61616161616161616161616161616161616161616161616161616161616161'],
  ['a'.repeat(32), 'd9206161616161616161616161616161616161616161616161616161616161616161'],
  ['😀', 'a4f09f9880'],
  [Buffer.from('abc'), 'c403616263'],
  [[1, [2, []]], '9201920290'],
  [{ b: 1, a: { c: null } }, '82a16201a16181a163c0'],
  [Array<number>(16).fill(0), 'dc001000000000000000000000000000000000'],
];

/** The first bytes of texts and lists whose length takes more than a byte. */
const long: readonly (readonly [string, unknown, string])[] = [
  ['a str of 256 bytes', 'a'.repeat(256), 'da010061'],
  ['a str of 65536 bytes', 'a'.repeat(65_536), 'db00010000'],
  ['256 bytes', Buffer.alloc(256), 'c5010000'],
  ['65536 bytes', Buffer.alloc(65_536), 'c600010000'],
  ['65536 items', Array(65_536).fill(0), 'dd00010000'],
  ['16 members', Object.fromEntries(Array.from('abcdefghijklmnop', (key) => [key, 1])), 'de0010a1'],
  ['65536 members', Object.fromEntries(Array.from({ length: 65_536 }, (_, n) => [`k${n}`, 1])), 'df00010000'],
];

function errorOf(body: Buffer): DecodeError {
  try {
    parseMsgpack(body, 'number');
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error('expected a DecodeError');
}

describe('writeMsgpack and parseMsgpack', () => {
  it.each(packed)('write and read %p as Python does: %s', (value, hex) => {
    expect(writeMsgpack(value).toString('hex')).toBe(hex);
    expect(parseMsgpack(Buffer.from(hex, 'hex'), 'keep')).toStrictEqual(value);
  });

  it.each(long)('write and read %s', (_, value, head) => {
    const bytes = writeMsgpack(value);
    expect(bytes.toString('hex', 0, head.length / 2)).toBe(head);
    expect(parseMsgpack(bytes, 'keep')).toStrictEqual(value);
  });

  it('write what reads back the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const bytes = writeMsgpack(value);
        expect(writeMsgpack(parseMsgpack(bytes, 'keep')).equals(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('parseMsgpack', () => {
  it.each([
    ['ca3fc00000', 1.5],
    ['d1ffff', -1],
    ['d200000001', 1],
    ['d30000000000000001', 1],
    ['cf0000000000000001', 1],
    ['d90161', 'a'],
    ['dc000101', [1]],
    ['df00000001a16101', { a: 1 }],
    ['82a16101a16102', { a: 2 }],
    ['cb3ff0000000000000', 1],
  ])('reads %s, which Python reads and does not write', (hex, value) => {
    expect(parseMsgpack(Buffer.from(hex, 'hex'), 'number')).toStrictEqual(value);
  });

  it('keeps a float of four bytes a float', () => {
    expect(parseMsgpack(Buffer.from('ca3f800000', 'hex'), 'keep')).toEqual(float(1));
  });

  it('takes __proto__ for a key like any other', () => {
    const value = parseMsgpack(Buffer.from('81a95f5f70726f746f5f5f01', 'hex'), 'number');
    expect(Object.entries(value as object)).toEqual([['__proto__', 1]]);
  });

  it.each([
    ['an empty body', '', 'expected 1 more bytes'],
    ['more after the value', '0101', 'expected the end'],
    ['the form that nothing has', 'c1', '0xc1'],
    ['an extension', 'd40101', '0xd4'],
    ['the time stamp', 'd6ff00000000', '0xd6'],
    ['a key that is an int', '810101', 'must be a str'],
    ['a key that is bytes', '81c4016101', 'must be a str'],
    ['a str that is no UTF-8', 'a1ff', 'UTF-8'],
    ['a str that ends early', 'a261', 'more than the 1 bytes'],
    ['a float that ends early', 'cb00', 'expected 8 more bytes'],
    ['a str of 2^32-1 bytes', 'dbffffffff', 'more than the 0 bytes'],
    ['bytes of 2^32-1', 'c6ffffffff00', 'more than the 1 bytes'],
    ['a list of 2^32-1 items', 'ddffffffff00', 'more than the 1 bytes'],
    ['a dict of 2^32-1 members', 'dfffffffffa16100', 'more than the 3 bytes'],
  ])('refuses %s', (_, hex, why) => {
    expect(errorOf(Buffer.from(hex, 'hex')).message).toContain(why);
  });

  it.each([
    ['lists', Buffer.alloc(1_000_000, 0x91)],
    ['dicts', Buffer.alloc(1_000_000, Buffer.from('81a161', 'hex'))],
    ['lists that each claim what follows', Buffer.alloc(1_000_000, Buffer.from('dd0000ffff', 'hex'))],
  ])('ends %s nested without end', (_, body) => {
    expect(errorOf(body).message).toContain('nested deeper than 1000 levels');
  });

  it('refuses anything with a DecodeError, and nothing crashes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          parseMsgpack(Buffer.from(bytes), 'keep');
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('writeMsgpack', () => {
  it.each([
    [{ a: [new Date()] }, 'value.a[0] is a datetime, for which msgpack has no form'],
    [[new PythonScalar('uuid', '0'.repeat(32))], 'value[0] is a uuid'],
    [2n ** 64n, 'value is an int beyond 64 bits'],
    [[-(2n ** 63n) - 1n], 'value[0] is an int beyond 64 bits'],
    [{ 'a b': '\ud800' }, 'value["a b"] has a lone surrogate'],
    [[new Map()], 'value[0] is a Map, for which msgpack has no form'],
  ])('refuses %p', (value, text) => {
    expect(() => writeMsgpack(value)).toThrow(EncodeError);
    expect(() => writeMsgpack(value)).toThrow(text);
  });

  it('refuses what contains itself', () => {
    const own: Record<string, unknown> = {};
    own['own'] = own;
    expect(() => writeMsgpack(own)).toThrow('contains itself');
  });

  it('leaves out members that are undefined and asks toJSON, as JSON does', () => {
    const value = { a: undefined, b: [undefined], c: { toJSON: () => 1 } };
    expect(parseMsgpack(writeMsgpack(value), 'number')).toEqual({ b: [null], c: 1 });
  });
});
