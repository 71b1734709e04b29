import { yamlTypeOf } from './yaml-scalar.ts';

const printableAscii = /^[ -~]*$/;
/** What a plain scalar of block style must not be: see `analyze_scalar`. */
const indicators = /^(?:---|\.\.\.)|^[#,[\]{}&*!|>'"%@`]|^[?:-](?: |$)|:(?: |$)| #|^ | $/;
/** What PyYAML takes for more than a text although no type claims it: the merge key and the default key. */
const specialKeys = /^(?:<<|=)$/;

const shortEscapes = new Map([
  [0x00, '0'],
  [0x07, 'a'],
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0b, 'v'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [0x1b, 'e'],
  [0x22, '"'],
  [0x5c, '\\'],
  [0x85, 'N'],
  [0xa0, '_'],
  [0x2028, 'L'],
  [0x2029, 'P'],
]);

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const short = shortEscapes.get(code);
  if (short !== undefined) return `\\${short}`;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/**
 * A text as PyYAML writes it: plain where it reads back as the same text, in single quotes where it has nothing to escape,
 * else in double quotes. Never more than one line.
 *
 * [YAML-TEXT] Source: PyYAML 6.0.3, yaml/emitter.py `analyze_scalar`, `choose_scalar_style`, `write_double_quoted`.
 */
export function yamlText(text: string): string {
  if (!printableAscii.test(text)) return `"${text.replace(/[^ !#-[\]-~]/gu, escape)}"`;
  const isPlain = !indicators.test(text) && !specialKeys.test(text) && yamlTypeOf(text) === 'str';
  return isPlain ? text : `'${text.replaceAll("'", "''")}'`;
}
