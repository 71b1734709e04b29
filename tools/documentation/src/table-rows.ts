/** The cells of every table row of a page, without header and ruler rows; inline code loses its backticks. */
export function tableRows(markdown: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n');
  const isRuler = (line: string | undefined): boolean =>
    line !== undefined && /^\|(?: ?:?-+:? ?\|)+$/.test(line);
  return lines
    .filter((line, index) => line.startsWith('|') && !isRuler(line) && !isRuler(lines[index + 1]))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}
