import { decodeFieldTable, FieldTableError } from './field-table.ts';

/** A table with one field `x` of this type letter and these bytes. */
function tableOf(typeLetter: string, hex: string): Buffer {
  const field = Buffer.concat([Buffer.from(`\x01x${typeLetter}`, 'latin1'), Buffer.from(hex, 'hex')]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(field.length);
  return Buffer.concat([length, field]);
}

describe('decodeFieldTable', () => {
  it.each<[string, string, unknown]>([
    ['V', '', null],
    ['t', '00', false],
    ['t', '01', true],
    ['b', 'ff', -1],
    ['B', 'ff', 255],
    ['s', 'fffe', -2],
    ['u', 'fffe', 65534],
    ['I', '80000000', -2147483648],
    ['i', '80000000', 2147483648],
    ['l', '001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['l', '0020000000000000', 2n ** 53n],
    ['l', '8000000000000000', -(2n ** 63n)],
    ['L', '0000000100000000', 4294967296],
    ['L', 'ffffffff00000000', -4294967296],
    ['L', '7fffffffffffffff', 2n ** 63n - 1n],
    ['f', '3fc00000', 1.5],
    ['d', '3ff8000000000000', 1.5],
    ['d', '7ff0000000000000', Infinity],
    ['d', '8000000000000000', -0],
    ['S', '0000000568656c6c6f', 'hello'],
    ['S', '00000002c3a9', 'é'],
    ['S', '00000003efbfbd', '\uFFFD'],
    ['S', '00000002c328', Buffer.from('c328', 'hex')],
    ['S', '00000000', ''],
    ['x', '00000002c328', Buffer.from('c328', 'hex')],
    ['T', '000000006553f100', new Date(1_700_000_000_000)],
    ['D', '0000000315', '789'],
    ['D', '0200000315', '7.89'],
    ['D', '0500000315', '0.00789'],
    ['D', '02fffffceb', '-7.89'],
    ['A', '0000000749000000015456', undefined],
    ['A', '000000064900000001' + '56', [1, null]],
    ['F', '0000000301794956'.slice(0, 8) + '017956', { y: null }],
    ['F', '00000000', {}],
    ['A', '00000000', []],
  ])('reads type %s of %s', (typeLetter, hex, expected) => {
    if (expected === undefined) {
      expect(() => decodeFieldTable(tableOf(typeLetter, hex), 0)).toThrow(FieldTableError);
      return;
    }
    expect(decodeFieldTable(tableOf(typeLetter, hex), 0)).toEqual({ x: expected });
  });

  it('keeps the sign of zero', () => {
    expect(Object.is(decodeFieldTable(tableOf('d', '8000000000000000'), 0)['x'], -0)).toBe(true);
  });

  it.each([
    ['an unknown type', 'Z', '00'],
    ['a short value', 'I', '0000'],
    ['a string that is too long', 'S', '000000ff41'],
    ['an inner table that is too long', 'F', '000000ff'],
    ['an inner array whose end is inside a value', 'A', '000000024900000001'],
    ['a timestamp beyond all dates', 'T', 'ffffffffffffffff'],
  ])('reports %s', (_what, typeLetter, hex) => {
    expect(() => decodeFieldTable(tableOf(typeLetter, hex), 0)).toThrow(FieldTableError);
  });

  it('makes __proto__ an own property, on every level, and pollutes nothing', () => {
    const inner = Buffer.from('\x09__proto__V', 'latin1');
    const bytes = Buffer.concat([
      Buffer.from([0, 0, 0, 15 + inner.length]),
      Buffer.from('\x09__proto__F\0\0\0', 'latin1'),
      Buffer.from([inner.length]),
      inner,
    ]);
    const table = decodeFieldTable(bytes, 0);
    expect(Object.keys(table)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(table)).toBe(Object.prototype);
    const value: unknown = Object.getOwnPropertyDescriptor(table, '__proto__')?.value;
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
