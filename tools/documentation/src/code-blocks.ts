/** A fenced block of a Markdown page. */
export interface CodeBlock {
  /** First word after the fence: `sh`, `ts`; empty when there is none. */
  readonly language: string;
  /** What is between the fences, with a line end at the end. */
  readonly code: string;
  /** Line of the opening fence, counted from 1. */
  readonly line: number;
  /** The heading of level 2 above it; empty when there is none. */
  readonly section: string;
  /** The heading above it, of whatever level. */
  readonly heading: string;
  /** The file that the paragraph above it names at its end: `` `apps/power/src/main.ts`: ``. */
  readonly path: string | undefined;
}

const fence = /^```(\S*)$/;
const headingLine = /^(#+) (.+)$/;
const pathAtEnd = /`([^`\s]+\.[a-z]+)`:$/;

/**
 * The fenced blocks of a page, in their order.
 *
 * @throws Error when the last fence is not closed
 */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let section = '';
  let heading = '';
  let above = '';
  let open: { language: string; line: number; path: string | undefined; code: string[] } | undefined;
  for (const [index, text] of markdown.split('\n').entries()) {
    const opening = fence.exec(text);
    if (open !== undefined) {
      if (text === '```') {
        blocks.push({ ...open, section, heading, code: `${open.code.join('\n')}\n` });
        open = undefined;
        above = '';
      } else open.code.push(text);
    } else if (opening !== null) {
      open = { language: opening[1] ?? '', line: index + 1, path: pathAtEnd.exec(above)?.[1], code: [] };
    } else {
      const [, marks, title] = headingLine.exec(text) ?? [];
      heading = title ?? heading;
      if (title !== undefined && (marks === '#' || marks === '##')) section = marks === '##' ? title : '';
      if (text !== '') above = text;
    }
  }
  if (open !== undefined) throw new Error(`the block that begins in line ${open.line} is not closed`);
  return blocks;
}
