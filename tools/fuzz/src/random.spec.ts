import { Random } from './random.ts';

describe('Random', () => {
  it('makes the same choices for the same seed, and others for another', () => {
    const choices = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => random.int(0, 1000));
    };
    expect(choices(7)).toEqual(choices(7));
    expect(choices(7)).not.toEqual(choices(8));
  });

  it('stays within its bounds, and reaches both', () => {
    const random = new Random(1);
    const drawn = new Set(Array.from({ length: 500 }, () => random.int(-2, 2)));
    expect([...drawn].sort((left, right) => left - right)).toEqual([-2, -1, 0, 1, 2]);
  });

  it('is true as often as was asked for', () => {
    const random = new Random(1);
    const count = Array.from({ length: 10_000 }, () => random.chance(10)).filter(Boolean).length;
    expect(count).toBeGreaterThan(800);
    expect(count).toBeLessThan(1200);
  });

  it('cannot pick from nothing', () => {
    expect(() => new Random(1).pick([])).toThrow(RangeError);
  });
});
