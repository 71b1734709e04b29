import { backoffMs } from './backoff.ts';

describe('backoffMs', () => {
  it.each([
    [0, 50, 100],
    [1, 100, 200],
    [2, 200, 400],
    [3, 400, 800],
    [4, 800, 1600],
    [5, 1000, 2000],
    [500, 1000, 2000],
  ])('waits for attempt %i between %i and %i ms', (attempt, least, most) => {
    expect(backoffMs(attempt, { random: () => 0 })).toBe(least);
    expect(backoffMs(attempt, { random: () => 1 })).toBe(most);
  });

  it('takes the first delay and the longest from its options', () => {
    expect(backoffMs(0, { initialMs: 10, maxMs: 15, random: () => 1 })).toBe(10);
    expect(backoffMs(1, { initialMs: 10, maxMs: 15, random: () => 1 })).toBe(15);
  });
});
