import { loadPureFunctions } from '@celeriac/testing';
import fc from 'fast-check';
import { floatRepr, writePythonFloat } from './float-text.ts';

interface FloatVector {
  readonly ieee754_be_hex: string;
  readonly json: string;
  readonly repr: string;
}

const vectors = loadPureFunctions()['float_to_json'] as readonly FloatVector[];

describe('writePythonFloat', () => {
  it.each(vectors)('writes $ieee754_be_hex as $json', ({ ieee754_be_hex: bits, json, repr }) => {
    const n = Buffer.from(bits, 'hex').readDoubleBE();
    expect(writePythonFloat(n)).toBe(json);
    expect(floatRepr(n)).toBe(repr);
  });

  it('writes text that reads back as the same number, with a point or an exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
        const text = writePythonFloat(n);
        expect(Object.is(Number(text), n)).toBe(true);
        expect(text).toMatch(/[.e]/);
      }),
    );
  });
});
