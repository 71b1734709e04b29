/** The difference. */
export function subtract(a: number, b: number): number {
  return a - b;
}
