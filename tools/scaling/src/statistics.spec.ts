import { median, quantile } from './statistics.ts';

describe('median', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[7], 7],
  ])('of %j is %d', (values, middle) => {
    expect(median(values)).toBe(middle);
  });

  it('of nothing is no number', () => {
    expect(median([])).toBeNaN();
  });
});

describe('quantile', () => {
  it.each([
    [0, 0],
    [0.5, 50],
    [0.99, 99],
    [1, 100],
  ])('%d of 0 to 100 is %d', (q, value) => {
    expect(
      quantile(
        Array.from({ length: 101 }, (_, index) => 100 - index),
        q,
      ),
    ).toBe(value);
  });
});
