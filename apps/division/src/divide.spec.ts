import { divide } from './divide.ts';

describe('divide', () => {
  it.each([
    [6, 3, 2],
    [1, 3, 0.3333333333333333],
    [1, 0, 'ND'],
    [1, -0, 'ND'],
    [0, 0, 'ND'],
    [NaN, 0, 'ND'],
    [1, NaN, NaN],
    [-1, Infinity, -0],
    [Infinity, Infinity, NaN],
    [1e308, 1e-10, Infinity],
  ])('%p / %p is %p', (a, b, quotient) => {
    expect(divide(a, b)).toBe(quotient);
  });
});
