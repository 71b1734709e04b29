/** Middle of the values: of an even number of them the mean of the two in the middle; NaN for none. */
export function median(values: readonly number[]): number {
  return (quantile(values, 0.5, Math.floor) + quantile(values, 0.5, Math.ceil)) / 2;
}

/** The value below which the share `q` of the values lies, by nearest rank (or another rounding of it); NaN for none. */
export function quantile(
  values: readonly number[],
  q: number,
  round: (rank: number) => number = Math.round,
): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[round(q * (sorted.length - 1))] ?? NaN;
}
