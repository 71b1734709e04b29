/** The sum; never an error: beyond the largest double it is infinite. */
export function add(a: number, b: number): number {
  return a + b;
}
