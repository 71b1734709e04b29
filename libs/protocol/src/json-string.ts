// everything between the space and the tilde except the quote and the backslash
const needsEscape = /[^ !#-[\]-~]/;
const beyondAscii = /[\x7f-\uffff]/g;

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * A string as Python's JSON writes it: ASCII alone, each other UTF-16 unit as `\uxxxx` in lower case, lone surrogates too.
 *
 * [JSON-STRING] Source: CPython 3.11, Lib/json/encoder.py `py_encode_basestring_ascii`; vectors
 * `pure-functions: string_to_json`.
 */
export function writeJsonString(text: string): string {
  if (!needsEscape.test(text)) return `"${text}"`;
  // the native writer has the same short escapes as Python and leaves only what is not ASCII
  return JSON.stringify(text).replace(beyondAscii, escapeUnit);
}
