/** `many` matches any number of characters, a function one. */
type GlobPart = 'many' | ((character: string) => boolean);

/**
 * A matcher for a pattern of Python's `fnmatch`: `*`, `?`, `[seq]`, `[!seq]`. The whole text must match.
 *
 * Only the last `*` that was passed is tried again, so that the time is bounded by text times pattern. The regular
 * expression for the pattern tries every division of the text among its `*`, and a caller chooses the text.
 *
 * Source: CPython 3.11, Lib/fnmatch.py `translate`.
 */
export function globMatcher(glob: string): (text: string) => boolean {
  const parts = parseGlob(glob);
  return (text) => {
    let part = 0;
    let at = 0;
    let afterMany = -1;
    let manyEnd = 0;
    while (at < text.length) {
      const current = parts[part];
      if (current === 'many') {
        afterMany = ++part;
        manyEnd = at;
      } else if (current?.(text.charAt(at)) === true) {
        part++;
        at++;
      } else if (afterMany >= 0) {
        part = afterMany; // the last `*` takes one character more
        at = ++manyEnd;
      } else {
        return false;
      }
    }
    while (parts[part] === 'many') part++;
    return part === parts.length;
  };
}

function parseGlob(glob: string): GlobPart[] {
  const parts: GlobPart[] = [];
  for (let at = 0; at < glob.length; at++) {
    const character = glob.charAt(at);
    if (character === '*') {
      if (parts.at(-1) !== 'many') parts.push('many');
    } else if (character === '?') {
      parts.push(() => true);
    } else {
      const set = character === '[' ? setAt(glob, at + 1) : undefined;
      parts.push(set?.matches ?? ((other) => other === character));
      at = set?.end ?? at;
    }
  }
  return parts;
}

/** The set that begins here, after its bracket; a bracket without an end is a character like others. */
function setAt(
  glob: string,
  begin: number,
): { matches: (character: string) => boolean; end: number } | undefined {
  const isNegated = glob.charAt(begin) === '!';
  const first = begin + (isNegated ? 1 : 0);
  const end = glob.indexOf(']', first + 1); // at the beginning of a set it belongs to the set
  if (end === -1) return undefined;
  const members = glob.slice(first, end).replace(/[\\\]^[]/g, '\\$&');
  const pattern = new RegExp(`[${isNegated ? '^' : ''}${members}]`);
  return { matches: (character) => pattern.test(character), end };
}
