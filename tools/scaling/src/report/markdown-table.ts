/** A Markdown table under a heading line, its numbers to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map(() => '--:')) + rows.map(line).join('') + '\n';
}

/** A number with its thousands apart, `12 021`. */
export function grouped(value: number, digits = 0): string {
  return value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

/** A share as percent: `3.1 %`, or with its sign `+3.1 %`. */
export function percent(share: number, digits = 1, sign = false): string {
  return `${sign && share >= 0 ? '+' : ''}${(share * 100).toFixed(digits)} %`;
}
