import { burst, mixedWaits } from './mixed-waits.ts';

describe('mixedWaits', () => {
  it('has exactly its share of long waits', () => {
    const waits = mixedWaits(1);

    expect(waits.length).toBe(640);
    expect(waits.filter((ms) => ms === burst.longMs).length).toBe(32);
    expect(waits.filter((ms) => ms === burst.shortMs).length).toBe(608);
  });

  it('is the same for a round, and another for another one', () => {
    expect(mixedWaits(2)).toEqual(mixedWaits(2));
    expect(mixedWaits(2)).not.toEqual(mixedWaits(3));
  });
});
