/** Farther than this part of the longer name apart, two names are not taken for the same one misspelt. */
const farthest = 0.4;

/**
 * The known variable that an unknown one most likely means, or undefined when none is near.
 *
 * Prefixes up to the first `_` do not count, so `CELERY_LOG_LEVEL` finds `CELERIAC_LOG_LEVEL`; nor is a missing word
 * too far, so Celery's old `CELERY_ACKS_LATE` finds `CELERY_TASK_ACKS_LATE`.
 */
export function nearestName(unknown: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  for (const candidate of known) {
    const [left, right] = [withoutPrefix(unknown), withoutPrefix(candidate)];
    const distance = editDistance(left, right) / Math.max(left.length, right.length, 1);
    if (distance <= farthest && distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

function withoutPrefix(name: string): string {
  return name.slice(name.indexOf('_') + 1);
}

/** Levenshtein's distance: insertions, deletions and replacements that turn one text into the other. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
