/**
 * Python's `text.strip(characters)`, in linear time: an expression such as `/=+$/` begins again at each character of a
 * run that does not reach the end.
 */
export function stripCharacters(text: string, characters: string): string {
  const codes = codesOf(characters);
  let begin = 0;
  while (begin < text.length && codes.includes(text.charCodeAt(begin))) begin++;
  return stripEnd(text.slice(begin), characters);
}

/** Python's `text.rstrip(characters)`, in linear time. */
export function stripEnd(text: string, characters: string): string {
  const codes = codesOf(characters);
  let end = text.length;
  while (end > 0 && codes.includes(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}

function codesOf(characters: string): number[] {
  return Array.from(characters, (character) => character.charCodeAt(0));
}
