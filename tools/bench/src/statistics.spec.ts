import { median, ratios, spread } from './statistics.ts';

describe('median', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[7], 7],
    [[10, 9], 9.5],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('is NaN for no values', () => {
    expect(median([])).toBeNaN();
  });
});

describe('spread', () => {
  it('shows the median with the least and the most', () => {
    expect(spread([1, 3, 2.5])).toBe('2.50 (1.00–3.00)');
  });
});

describe('ratios', () => {
  it('pairs the rounds', () => {
    expect(ratios([4, 9], [2, 3])).toEqual([2, 3]);
  });
});
