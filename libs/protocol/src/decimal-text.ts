const decimalPattern = /^\s*([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d+))?\s*$/i;
const specialPattern = /^\s*([+-]?)(?:(inf|infinity)|(s?nan)(\d*))\s*$/i;

/** `coefficient` × 10^`exponent` in the notation of the decimal specification. */
function scientific(sign: string, coefficient: string, exponent: number): string {
  const digits = coefficient.replace(/^0+(?=\d)/, '');
  const pointAt = exponent + digits.length;
  if (exponent <= 0 && pointAt > -6) {
    if (exponent === 0) return sign + digits;
    return pointAt > 0
      ? `${sign}${digits.slice(0, pointAt)}.${digits.slice(pointAt)}`
      : `${sign}0.${'0'.repeat(-pointAt)}${digits}`;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const power = pointAt - 1;
  return `${sign}${digits.slice(0, 1)}${fraction}E${power < 0 ? '' : '+'}${power}`;
}

/** What `str(Decimal(text))` gives in Python; undefined when the text is no decimal number. */
export function normalizeDecimal(text: string): string | undefined {
  const tidy = text.replaceAll('_', '');
  const match = decimalPattern.exec(tidy);
  if (match !== null) {
    const fraction = match[3] ?? match[4] ?? '';
    const exponent = Number(match[5] ?? 0) - fraction.length;
    if (!Number.isSafeInteger(exponent)) return undefined;
    return scientific(match[1] === '-' ? '-' : '', (match[2] ?? '') + fraction, exponent);
  }
  const special = specialPattern.exec(tidy);
  if (special === null) return undefined;
  const sign = special[1] === '-' ? '-' : '';
  if (special[2] !== undefined) return `${sign}Infinity`;
  const name = special[3]?.toLowerCase() === 'nan' ? 'NaN' : 'sNaN';
  return sign + name + (special[4] ?? '').replace(/^0+/, '');
}

/** What `str(Decimal(n))` gives in Python for a float: all the digits that the binary number has. */
export function exactDecimal(n: number): string {
  if (!Number.isFinite(n)) return Number.isNaN(n) ? 'NaN' : String(n);
  const sign = n < 0 || Object.is(n, -0) ? '-' : '';
  let magnitude = Math.abs(n);
  let power = 0;
  // doubling a float is exact, so that the fraction ends after at most 1074 steps
  while (!Number.isInteger(magnitude)) {
    magnitude *= 2;
    power += 1;
  }
  return scientific(sign, (BigInt(magnitude) * 5n ** BigInt(power)).toString(), -power);
}
