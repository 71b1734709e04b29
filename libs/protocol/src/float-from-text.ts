import { stripCharacters } from './strip-characters.ts';

/** What `float()` strips beside ASCII white space. */
const wideSpace = /[\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/g;
const asciiSpace = ' \t\n\v\f\r';
const wideDigit = /\p{Nd}/u;
const finite = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const special = /^([+-]?)(?:(inf|infinity)|nan)$/i;

/** Value of a decimal digit of any script: digits lie in runs of ten that start with their zero. */
function digitValue(codePoint: number): number {
  let start = codePoint;
  while (wideDigit.test(String.fromCodePoint(start - 1))) start -= 1;
  return (codePoint - start) % 10;
}

/** Digits and spaces of every script as ASCII. */
function toAscii(text: string): string {
  return text
    .replace(wideSpace, ' ')
    .replace(/(?![\0-\x7f])\p{Nd}/gu, (digit) => String(digitValue(digit.codePointAt(0) ?? 0)));
}

/**
 * The number that Python's `float(text)` reads: white space around it, underscores between digits, digits of every
 * script, `inf`, `infinity` and `nan` in any case; undefined where Python raises ValueError.
 *
 * [FLOAT-PARSE] Source: CPython 3.11, Objects/floatobject.c `PyFloat_FromString`, Objects/unicodeobject.c
 * `_PyUnicode_TransformDecimalAndSpaceToASCII`; vectors `pure-functions: python_float_of_string`.
 */
export function floatFromText(text: string): number | undefined {
  let ascii = stripCharacters(/^[\0-\x7f]*$/.test(text) ? text : toAscii(text), asciiSpace);
  if (ascii.includes('_')) {
    if (/(?<!\d)_|_(?!\d)/.test(ascii)) return undefined;
    ascii = ascii.replaceAll('_', '');
  }
  if (finite.test(ascii)) return Number(ascii);
  const match = special.exec(ascii);
  if (match === null) return undefined;
  if (match[2] === undefined) return NaN;
  return match[1] === '-' ? -Infinity : Infinity;
}
