import { subtract } from './subtract.ts';

describe('subtract', () => {
  it.each([
    [7, 2, 5],
    [2, 7, -5],
    [0.3, 0.1, 0.19999999999999998],
    [0, 0, 0],
    [-0, 0, -0],
    [-Number.MAX_VALUE, Number.MAX_VALUE, -Infinity],
    [Infinity, Infinity, NaN],
  ])('%p - %p is %p', (a, b, difference) => {
    expect(subtract(a, b)).toBe(difference);
  });
});
