import { hostileValue, JsonNumber, jsonText, mutateValue } from './json-value.ts';
import { Random } from './random.ts';

describe('jsonText', () => {
  it.each<[unknown, string]>([
    [[1, 'a"b', null, true], '[1,"a\\"b",null,true]'],
    [{ a: { b: [] }, c: {} }, '{"a":{"b":[]},"c":{}}'],
    [new JsonNumber('NaN'), 'NaN'],
    [[new JsonNumber('1e999')], '[1e999]'],
  ])('writes %j as %s', (value, text) => {
    expect(jsonText(value)).toBe(text);
  });

  it('writes values that are nested too deeply for calls', () => {
    let value: unknown = [];
    for (let level = 1; level < 100_000; level++) value = [value];
    expect(jsonText(value)).toBe('['.repeat(100_000) + ']'.repeat(100_000));
  });
});

describe('mutateValue', () => {
  it('changes something, and leaves the value that it was given as it is', () => {
    const value = { args: [{ num_1: 1, num_2: 2 }], kwargs: {} };
    const before = jsonText(value);
    const random = new Random(3);
    const mutated = Array.from({ length: 50 }, () => jsonText(mutateValue(value, random, hostileValue)));
    expect(jsonText(value)).toBe(before);
    expect(new Set(mutated).size).toBeGreaterThan(30);
    expect(mutated.filter((text) => text === before).length).toBeLessThan(5);
  });

  it('sets __proto__ as a key like any other', () => {
    const random = new Random(3);
    for (let round = 0; round < 2000; round++) mutateValue({ a: {} }, random, hostileValue);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
