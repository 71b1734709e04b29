/**
 * The text that Python's `repr` gives for a float, which is also how its JSON writes one: the shortest digits that read
 * back as the same number, always with a point or an exponent; fixed notation for exponents from -4 to 15.
 *
 * JavaScript finds the same digits but turns to exponents at other places (1e21 and 1e-7) and writes `3` for `3.0`.
 * The values without a number are written as JSON has them: `NaN`, `Infinity`, `-Infinity`.
 *
 * [JSON-FLOAT] Source: CPython 3.11, Objects/floatobject.c `float_repr`, Lib/json/encoder.py `floatstr`.
 */
export function writePythonFloat(n: number): string {
  const magnitude = Math.abs(n);
  if (magnitude < 1e16 && magnitude >= 1e-4) {
    const text = String(n);
    return Number.isInteger(n) ? `${text}.0` : text;
  }
  if (n === 0) return Object.is(n, -0) ? '-0.0' : '0.0';
  if (!Number.isFinite(n)) return String(n);
  const text = n.toExponential();
  const exponentAt = text.indexOf('e') + 2;
  return text.length - exponentAt < 2 ? `${text.slice(0, exponentAt)}0${text.slice(exponentAt)}` : text;
}

/** `repr` of a float: as {@link writePythonFloat}, with `nan`, `inf` and `-inf` for the values without a number. */
export function floatRepr(n: number): string {
  if (Number.isNaN(n)) return 'nan';
  if (n === Infinity) return 'inf';
  if (n === -Infinity) return '-inf';
  return writePythonFloat(n);
}

/** True for a number that Python shall see as an int: a safe integer, and not `-0`, which only a float can be. */
export function isPythonInt(n: number): boolean {
  return Number.isSafeInteger(n) && !Object.is(n, -0);
}
