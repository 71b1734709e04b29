/**
 * The first characters of a text, with the length of the whole when it is longer: `abc… (15000 characters)`.
 *
 * A URL that would be cut is hidden after its scheme: the cut may take away the `@` by which a password is known.
 */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  let end = most;
  if (isHighSurrogate(text.charCodeAt(end - 1))) end--;
  let kept = text.slice(0, end);
  const url = kept.indexOf('://', lastWordAt(kept));
  if (url !== -1) kept = `${kept.slice(0, url)}://**`;
  return `${kept}… (${text.length} characters)`;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

const space = 32; // below it are line ends, tabs and control characters

function lastWordAt(text: string): number {
  let at = text.length;
  while (at > 0 && text.charCodeAt(at - 1) > space) at--;
  return at;
}
