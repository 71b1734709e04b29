import { codeBlocks } from './code-blocks.ts';

describe('codeBlocks', () => {
  it('gives language, code, line, section and heading of each block', () => {
    const page = '# One\n\n```sh\nls\n\ncat x\n```\n\n## Two\n\n```\n# no heading\n```\n';
    expect(codeBlocks(page)).toEqual([
      { language: 'sh', code: 'ls\n\ncat x\n', line: 3, section: '', heading: 'One', path: undefined },
      { language: '', code: '# no heading\n', line: 11, section: 'Two', heading: 'Two', path: undefined },
    ]);
  });

  it('gives the section of a block below a smaller heading', () => {
    const page = '## Two\n\n### Three\n\n```sh\nls\n```\n\n# One\n\n```sh\nls\n```\n';
    expect(codeBlocks(page).map(({ section, heading }) => [section, heading])).toEqual([
      ['Two', 'Three'],
      ['', 'One'],
    ]);
  });

  it('takes the file from the paragraph above', () => {
    const page = 'Write this.\nIt goes to `src/main.ts`:\n\n```ts\nx();\n```\n\n```ts\ny();\n```\n';
    expect(codeBlocks(page).map(({ path }) => path)).toEqual(['src/main.ts', undefined]);
  });

  it('refuses a block without an end', () => {
    expect(() => codeBlocks('text\n```ts\nx();\n')).toThrow('line 2');
  });
});
