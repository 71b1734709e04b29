/** Calls of a burst, and how long the two kinds of them wait. */
export const burst = { calls: 640, shortMs: 20, longMs: 400, longShare: 0.05 } as const;

/**
 * What the calls of a burst wait, the long ones at random places: regular ones would all fall to the same workers, as the
 * broker deals messages out in turn. The same round has the same waits for whatever is compared in it.
 */
export function mixedWaits(round: number): readonly number[] {
  const random = linearCongruential(round);
  const waits = Array.from({ length: burst.calls }, () => burst.shortMs as number);
  const positions = waits.map((_, index) => ({ index, key: random() })).sort((a, b) => a.key - b.key);
  for (const { index } of positions.slice(0, burst.calls * burst.longShare)) waits[index] = burst.longMs;
  return waits;
}

/** Numbers from 0 to 1 that look random, the same ones for the same seed (constants of Numerical Recipes). */
function linearCongruential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
