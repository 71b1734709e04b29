/** What two translations of a page have in common besides their blocks of code. */
export interface PageOutline {
  /** Level of each heading, in their order. */
  readonly headingLevels: readonly number[];
  /** Number of cells of each line that belongs to a table, in their order. */
  readonly tableCells: readonly number[];
  /** What stands in backticks in the text, sorted, since a sentence may put it elsewhere. */
  readonly inlineCode: readonly string[];
}

const fencedBlock = /^```.*?^```$/gms;

export function pageOutline(markdown: string): PageOutline {
  const text = markdown.replaceAll(fencedBlock, '');
  const lines = text.split('\n');
  return {
    headingLevels: lines.flatMap((line) => /^#+(?= )/.exec(line)?.[0].length ?? []),
    tableCells: lines.filter((line) => line.startsWith('|')).map((line) => line.split(' | ').length),
    inlineCode: [...text.matchAll(/`[^`]+`/g)].map(([code]) => code).sort(),
  };
}
