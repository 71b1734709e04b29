const plain = /^[ -&(-[\]-~]*$/;
const unprintable = /[\p{C}\p{Z}]/u;
const short: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function hexadecimal(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

function escapeCharacter(character: string): string {
  const known = short[character];
  if (known !== undefined) return known;
  if (character === ' ' || !unprintable.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${hexadecimal(code, 2)}`;
  return code < 0x10000 ? `\\u${hexadecimal(code, 4)}` : `\\U${hexadecimal(code, 8)}`;
}

function quoteFor(text: string): "'" | '"' {
  return text.includes("'") && !text.includes('"') ? '"' : "'";
}

/**
 * Python's `repr` of a string: single quotes unless the text holds a single and no double one; what cannot be printed
 * is escaped as `\x`, `\u` or `\U`.
 *
 * [REPR-STR] Source: CPython 3.11, Objects/unicodeobject.c `unicode_repr`.
 */
export function stringRepr(text: string): string {
  if (plain.test(text)) return `'${text}'`;
  const quote = quoteFor(text);
  let body = '';
  for (const character of text) body += character === quote ? `\\${quote}` : escapeCharacter(character);
  return quote + body + quote;
}

/**
 * Python's `repr` of bytes: the quoting of strings, ASCII as it is, every other byte as `\x`.
 *
 * [REPR-BYTES] Source: CPython 3.11, Objects/bytesobject.c `PyBytes_Repr`.
 */
export function bytesRepr(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const quote = quoteFor(text);
  let body = '';
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (character === quote) body += `\\${quote}`;
    else if (short[character] !== undefined) body += short[character];
    else body += code >= 0x20 && code < 0x7f ? character : `\\x${hexadecimal(code, 2)}`;
  }
  return `b${quote}${body}${quote}`;
}
