/** Middle of the values: of an even number of them the mean of the two in the middle; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Median with the smallest and the largest value: `1.12 (1.05–1.20)`. */
export function spread(values: readonly number[], digits = 2): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

/** The ratio of each round: value of one contender over that of another in the same round. */
export function ratios(numerators: readonly number[], denominators: readonly number[]): readonly number[] {
  return numerators.map((numerator, round) => numerator / (denominators[round] ?? NaN));
}
