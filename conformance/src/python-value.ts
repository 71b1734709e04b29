import type { ValueOutcome } from './outcome.ts';

/** The JavaScript value of a float or a string that Python showed by its repr. @throws Error for any other type */
export function fromRepr({ type, repr }: ValueOutcome): number | string {
  if (type === 'float') {
    const named = { inf: Infinity, '-inf': -Infinity, nan: NaN }[repr];
    return named ?? Number(repr);
  }
  // the calculator's strings are plain words
  if (type === 'str' && /^'\w*'$/.test(repr)) return repr.slice(1, -1);
  throw new Error(`no result of the calculator: ${type} ${repr}`);
}
