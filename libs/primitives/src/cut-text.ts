/**
 * A text of at most `most` characters: a longer one loses its end, and ends with `…`. Errors and log lines quote what came
 * from outside, and must not be as long.
 */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - 1;
  // half of a surrogate pair is no character, and no UTF-8
  const isPairCut = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return `${text.slice(0, isPairCut ? end - 1 : end)}…`;
}
