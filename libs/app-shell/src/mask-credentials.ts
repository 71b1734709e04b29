const mask = '**';
const schemeEnd = '://';

/**
 * Text with the user and the password of every URL in it replaced by `**`: `amqp://**@host:5672//`.
 *
 * Made for texts of ours that quote a setting, and for whole log lines as a safety net: text without a URL comes back
 * untouched, and where in doubt it hides too much. Takes time in proportion to the text, whatever the text is: a
 * scanner, because each regular expression for it was quadratic on a text made for that.
 */
export function maskCredentials(text: string): string {
  if (!text.includes(schemeEnd)) return text;
  return maskSecretParameters(maskUserInfo(text));
}

/**
 * Hides everything between a scheme and the last `@` of the same word. The last, because a password may hold an
 * unescaped `@` or `/`.
 */
function maskUserInfo(text: string): string {
  let masked = '';
  let copied = 0;
  let at = text.indexOf(schemeEnd);
  while (at !== -1) {
    const begin = at + schemeEnd.length;
    const { end, lastAt } = scanUrl(text, begin);
    if (lastAt !== -1) {
      masked += text.slice(copied, begin) + mask;
      copied = lastAt;
    }
    // without an @, no URL that begins within this word has one either
    at = text.indexOf(schemeEnd, end);
  }
  return masked + text.slice(copied);
}

/**
 * Finds the end of what may belong to a URL, and the last `@` before it, or -1. White space ends it, an unescaped quote,
 * and the `;` before the next URL of a list. An escaped quote or backslash is passed over, so that it works on a
 * finished line of JSON too.
 */
function scanUrl(text: string, begin: number): { end: number; lastAt: number } {
  let lastAt = -1;
  let at = begin;
  for (; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '@') lastAt = at;
    else if (character === '\\' && isEscapable(text.charAt(at + 1))) at++;
    else if (character === '"' || character === '\\' || isSpace(character)) break;
    else if (character === ';' && isScheme(text, at + 1)) break;
  }
  return { end: Math.min(at, text.length), lastAt };
}

function isEscapable(character: string): boolean {
  return character === '"' || character === '\\';
}

function isSpace(character: string): boolean {
  return (character <= ' ' || character > '~') && /\s/.test(character);
}

/** Whether a scheme and `://` begin here. No `;` is in a scheme, so that each character is looked at but once more. */
function isScheme(text: string, begin: number): boolean {
  let end = begin;
  while (isLetter(text.charCodeAt(end)) || (end > begin && isOneOf('0123456789+.-', text.charAt(end)))) end++;
  return end > begin && text.startsWith(schemeEnd, end);
}

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

const secretWords = ['pass', 'secret', 'token', 'key'];

/** Hides the values of query parameters whose name tells of a secret. */
function maskSecretParameters(text: string): string {
  let masked = '';
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const begin = at++;
    if (!isOneOf('?&', text.charAt(begin))) continue;
    while (at < text.length && !isOneOf('=&;#', text.charAt(at)) && !isSpace(text.charAt(at))) at++;
    if (text.charAt(at) !== '=') continue;
    const name = text.slice(begin + 1, at).toLowerCase();
    if (!secretWords.some((word) => name.includes(word))) continue;
    masked += text.slice(copied, at + 1) + mask;
    while (at < text.length && !isOneOf('&;#"', text.charAt(at)) && !isSpace(text.charAt(at))) at++;
    copied = at;
  }
  return masked + text.slice(copied);
}

function isOneOf(characters: string, character: string): boolean {
  return character !== '' && characters.includes(character);
}

/** A `;` list of URLs in its parts: a `;` separates where a scheme follows, elsewhere it belongs to a password. */
function splitUrls(text: string): string[] {
  const urls: string[] = [];
  let begin = 0;
  for (let at = text.indexOf(';'); at !== -1; at = text.indexOf(';', at + 1)) {
    if (!isScheme(text, at + 1)) continue;
    urls.push(text.slice(begin, at));
    begin = at + 1;
  }
  return [...urls, text.slice(begin)];
}

/**
 * A URL, or a `;` list of them, as an error message may show it when it could not be parsed.
 *
 * Besides what `maskCredentials` hides, it hides a value without a scheme, which may be a bare password, and what
 * looks like `scheme://user:password` with the host forgotten.
 */
export function maskUnparsedUrl(text: string): string {
  return splitUrls(text)
    .map((url) => {
      const [, scheme, rest] = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(url.trim()) ?? [];
      if (scheme === undefined || rest === undefined) return mask;
      const host = rest.slice(rest.lastIndexOf('@') + 1);
      const isPlainHost = /^(?:[\w.-]*|\[[\da-f:.]*\])(?::\d*)?(?:[/?#].*)?$/is.test(host);
      const shown = isPlainHost ? maskCredentials(`${scheme}${host}`) : `${scheme}${mask}`;
      return host.length === rest.length || !isPlainHost ? shown : shown.replace('://', `://${mask}@`);
    })
    .join(';');
}
