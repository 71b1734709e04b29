import { LimitedSet } from './limited-set.ts';

describe('LimitedSet', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('forgets the oldest when it would hold more than its limit', () => {
    const set = new LimitedSet({ max: 3, expiresMs: 60_000 });
    for (const item of ['a', 'b', 'c', 'd', 'e']) set.add(item);
    expect([...set.keys()]).toEqual(['c', 'd', 'e']);
    expect([set.size, set.has('b'), set.has('c')]).toEqual([3, false, true]);
  });

  it('takes one that is added again for the newest', () => {
    const set = new LimitedSet({ max: 3, expiresMs: 60_000 });
    for (const item of ['a', 'b', 'c', 'a', 'd']) set.add(item);
    expect([...set.keys()]).toEqual(['c', 'a', 'd']);
  });

  it('keeps what is past its time until it is full', () => {
    const set = new LimitedSet({ max: 4, expiresMs: 1000 });
    set.add('a');
    set.add('b');
    jest.advanceTimersByTime(5000);
    set.add('c');
    expect([...set.keys()]).toEqual(['a', 'b', 'c']);

    set.add('d');

    expect([...set.keys()]).toEqual(['c', 'd']);
  });

  it('dates its items by the monotonic clock, in seconds', () => {
    const set = new LimitedSet({ max: 3, expiresMs: 1000 });
    set.add('a');
    jest.advanceTimersByTime(1500);
    set.add('b');
    const [a, b] = [...set.entries()].map(([, added]) => added);
    expect(Number(b) - Number(a)).toBeCloseTo(1.5);
  });

  it('keeps the newest of many', () => {
    const set = new LimitedSet({ max: 50_000, expiresMs: 10_800_000 });
    for (let index = 0; index < 100_000; index++) set.add(`id-${index}`);
    expect([set.size, set.has('id-49999'), set.has('id-50000')]).toEqual([50_000, false, true]);
  });
});
