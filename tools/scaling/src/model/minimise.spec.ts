import { minimise } from './minimise.ts';

describe('minimise', () => {
  it('finds the bottom of a bowl', () => {
    const { at, value } = minimise(
      ([x = 0, y = 0, z = 0]) => (x - 1) ** 2 + (y + 2) ** 2 + 3 * (z - 5) ** 2 + 7,
      [0, 0, 0],
    );

    expect(value).toBeCloseTo(7, 9);
    expect(at[0]).toBeCloseTo(1, 4);
    expect(at[1]).toBeCloseTo(-2, 4);
    expect(at[2]).toBeCloseTo(5, 4);
  });

  it('follows the bent valley of Rosenbrock', () => {
    const { at } = minimise(([x = 0, y = 0]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2, [-1.2, 1]);

    expect(at[0]).toBeCloseTo(1, 3);
    expect(at[1]).toBeCloseTo(1, 3);
  });
});
