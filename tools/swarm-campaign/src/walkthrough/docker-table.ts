/** Columns of a table that docker prints, by their headings, and where each begins. */
export type Columns = readonly { readonly heading: string; readonly start: number }[];

/** The columns that a line of headings begins: at least two, in capitals, three spaces apart. */
export function columnsOf(line: string): Columns | undefined {
  if (!/^[A-Z]+(?: [A-Z]+)*(?: {2,}[A-Z]+(?: [A-Z]+)*)+$/.test(line.trimEnd())) return undefined;
  return [...line.matchAll(/[A-Z]+(?: [A-Z]+)*/g)].map(({ 0: heading, index }) => ({
    heading,
    start: index,
  }));
}

/** The cells of a line, empty ones too; undefined when it is no row of the table. */
export function cellsOf(columns: Columns, line: string): readonly string[] | undefined {
  if (columns.some(({ start }) => start > 0 && (line[start - 1] ?? ' ') !== ' ')) return undefined;
  const cells = columns.map(({ start }, index) => line.slice(start, columns[index + 1]?.start).trim());
  // a row has a name and something about it
  return cells.filter((cell) => cell !== '').length < 2 ? undefined : cells;
}
