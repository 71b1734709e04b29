import { pageOutline } from './page-outline.ts';

const page =
  '# One `a`\n\n```sh\n# no heading, `no code`\n```\n\n## Two\n\n| `b` | c |\n| --- | --- |\n| d | e |\n';

describe('pageOutline', () => {
  it('has headings, tables and inline code, and nothing of the blocks', () => {
    expect(pageOutline(page)).toEqual({
      headingLevels: [1, 2],
      tableCells: [2, 2, 2],
      inlineCode: ['`a`', '`b`'],
    });
  });

  it.each([
    ['a heading of another level', '## Two', '### Two'],
    ['a missing row', '| d | e |\n', ''],
    ['other inline code', '`b`', '`x`'],
  ])('differs for %s', (_what, from, to) => {
    expect(pageOutline(page.replace(from, to))).not.toEqual(pageOutline(page));
  });
});
