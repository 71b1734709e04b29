import { loadPureFunctions } from '@celeriac/testing';
import { bytesRepr, stringRepr } from './string-repr.ts';

const vectors = loadPureFunctions()['python_repr_of_string'] as readonly {
  input_utf16be_hex: string;
  repr_utf16be_hex: string;
}[];

function fromUtf16be(hex: string): string {
  return Buffer.from(hex, 'hex').swap16().toString('utf16le');
}

describe('stringRepr', () => {
  it.each(vectors)(
    'shows $input_utf16be_hex as Python does',
    ({ input_utf16be_hex: input, repr_utf16be_hex: repr }) => {
      expect(stringRepr(fromUtf16be(input))).toBe(fromUtf16be(repr));
    },
  );

  it('escapes an unassigned character beyond the first plane with eight digits', () => {
    expect(stringRepr('\u{e0001}')).toBe(String.raw`'\U000e0001'`);
  });
});

describe('bytesRepr', () => {
  it.each([
    ['abc', "b'abc'"],
    ["it's", `b"it's"`],
    ['\'"', String.raw`b'\'"'`],
    ['\\\n\r\t', String.raw`b'\\\n\r\t'`],
  ])('shows %j as %s', (text, repr) => {
    expect(bytesRepr(Buffer.from(text))).toBe(repr);
  });

  it('shows every byte that is no printable ASCII as two hexadecimal digits', () => {
    expect(bytesRepr(Buffer.from([0, 0x1f, 0x7f, 0xff]))).toBe(String.raw`b'\x00\x1f\x7f\xff'`);
  });
});
