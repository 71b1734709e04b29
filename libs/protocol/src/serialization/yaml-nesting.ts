import type { CST } from 'yaml';

function* nestedIn(token: CST.Token | undefined): Generator<CST.Token | null | undefined> {
  if (token?.type === 'document') yield token.value;
  if (token === undefined || !('items' in token)) return;
  for (const item of token.items) {
    if ('key' in item) yield item.key;
    if ('value' in item) yield item.value;
  }
}

/**
 * True when what a token of YAML holds is nested deeper than `most` levels. The composer calls itself for each level; this
 * does not.
 */
export function isYamlDeeperThan(token: CST.Token, most: number): boolean {
  let level: CST.Token[] = [token];
  // the document itself is a level, and so are the scalars at the end
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most + 2) return true;
    level = level.flatMap((each) =>
      [...nestedIn(each)].filter((nested) => nested !== null && nested !== undefined),
    );
  }
  return false;
}
