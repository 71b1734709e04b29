import { codeBlocks } from './code-blocks.ts';

describe('codeBlocks', () => {
  it('gives language, code, line and heading of each block', () => {
    const page = '# One\n\n```sh\nls\n\ncat x\n```\n\n## Two\n\n```\n# no heading\n```\n';
    expect(codeBlocks(page)).toEqual([
      { language: 'sh', code: 'ls\n\ncat x\n', line: 3, heading: 'One', path: undefined },
      { language: '', code: '# no heading\n', line: 11, heading: 'Two', path: undefined },
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
