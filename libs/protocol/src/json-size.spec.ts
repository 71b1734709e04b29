import { jsonSize } from './json-size.ts';
import { float } from './python-float.ts';
import { writeJson } from './write-json.ts';

describe('jsonSize', () => {
  it.each<[string, unknown]>([
    ['a text', 'text'.repeat(100)],
    ['a text with quotes', '"\\'.repeat(100)],
    ['a text that is escaped', 'ü\n\u0000😀'.repeat(100)],
    ['numbers', Array.from({ length: 50 }, (_, index) => index * 1e6)],
    ['a bigint', 2n ** 999n],
    ['null, undefined and booleans', [null, undefined, true, false]],
    ['an object', { a: { b: [1, 'x', { c: null }] } }],
    ['floats', [float(9)]],
    ['bytes', new Uint8Array(3000)],
  ])('is about what is written of %s', (_what, value) => {
    const written = writeJson(value).length;
    const size = jsonSize(value);
    expect(size).toBeGreaterThan(written * 0.45 - 4);
    expect(size).toBeLessThan(written * 3 + 16);
  });

  it('is 0 for what contains itself, as no message has it', () => {
    const value: unknown[] = [];
    value.push(value, value);
    expect(jsonSize(value)).toBe(0);
  });
});
