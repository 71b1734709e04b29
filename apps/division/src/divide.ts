/** The quotient, or `ND` (not defined) when the divisor is zero of either sign, whatever the dividend. */
export function divide(a: number, b: number): number | 'ND' {
  return b === 0 ? 'ND' : a / b;
}
