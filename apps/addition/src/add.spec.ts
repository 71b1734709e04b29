import { add } from './add.ts';

describe('add', () => {
  it.each([
    [7, 2, 9],
    [0.1, 0.2, 0.30000000000000004],
    [-0, -0, -0],
    [-0, 0, 0],
    [Number.MAX_VALUE, Number.MAX_VALUE, Infinity],
    [Infinity, -Infinity, NaN],
  ])('%p + %p is %p', (a, b, sum) => {
    expect(add(a, b)).toBe(sum);
  });
});
