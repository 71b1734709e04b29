import { multiply } from './multiply.ts';

describe('multiply', () => {
  it.each([
    [7, 2, 14],
    [0.1, 3, 0.30000000000000004],
    [0, -1, -0],
    [1e200, 1e200, Infinity],
    [5e-324, 0.5, 0],
    [Infinity, 0, NaN],
  ])('%p * %p is %p', (a, b, product) => {
    expect(multiply(a, b)).toBe(product);
  });
});
