/** Where a function is least. */
export interface Minimum {
  readonly at: readonly number[];
  readonly value: number;
}

const steps = 5000;
/** The simplex has shrunk to a point when its values differ by no more than this part of the best one. */
const tolerance = 1e-14;

/**
 * Finds a minimum of a function of a few numbers near `start`: the simplex of Nelder and Mead (1965), with their
 * coefficients. It needs no derivatives.
 */
export function minimise(
  f: (at: readonly number[]) => number,
  start: readonly number[],
  size = 0.5,
): Minimum {
  const point = (at: readonly number[]): Minimum => ({ at, value: f(at) });
  const simplex = [
    start,
    ...start.map((_, axis) => start.map((value, index) => (index === axis ? value + size : value))),
  ].map(point);
  for (let step = 0; step < steps; step++) {
    simplex.sort((a, b) => a.value - b.value);
    const [best, worst, second] = [simplex[0], simplex.at(-1), simplex.at(-2)];
    if (best === undefined || worst === undefined || second === undefined) break;
    if (worst.value - best.value <= tolerance * (Math.abs(best.value) + tolerance)) break;
    const others = simplex.slice(0, -1);
    const centre = start.map(
      (_, axis) => others.reduce((sum, { at }) => sum + (at[axis] ?? NaN), 0) / others.length,
    );
    /** On the line from the worst point through the centre of the others: 1 is as far beyond it. */
    const along = (distance: number): Minimum =>
      point(centre.map((value, axis) => value + distance * (value - (worst.at[axis] ?? NaN))));
    const reflected = along(1);
    if (reflected.value < best.value) {
      const expanded = along(2);
      simplex[simplex.length - 1] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < second.value) {
      simplex[simplex.length - 1] = reflected;
    } else {
      const contracted = along(reflected.value < worst.value ? 0.5 : -0.5);
      if (contracted.value < Math.min(worst.value, reflected.value)) simplex[simplex.length - 1] = contracted;
      else
        simplex.splice(
          1,
          Infinity,
          ...simplex
            .slice(1)
            .map(({ at }) => point(at.map((value, axis) => (value + (best.at[axis] ?? NaN)) / 2))),
        );
    }
  }
  return simplex.reduce((best, vertex) => (vertex.value < best.value ? vertex : best));
}
