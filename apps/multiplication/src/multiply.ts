/** The product; never an error: beyond the largest double it is infinite. */
export function multiply(a: number, b: number): number {
  return a * b;
}
