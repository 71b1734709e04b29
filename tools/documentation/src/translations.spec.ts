import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { codeBlocks } from './code-blocks.ts';
import { pageOutline } from './page-outline.ts';
import { linkTargets } from './relative-links.ts';

const root = join(__dirname, '..', '..', '..');
const english = readFileSync(join(root, 'README.md'), 'utf8');
const spanish = readFileSync(join(root, 'README.es.md'), 'utf8');

/** The blocks of a page without what differs between languages: where they stand, and the words above them. */
function blocksOf(page: string): readonly object[] {
  return codeBlocks(page).map(({ language, code, path }) => ({ language, code, path }));
}

describe('README.md and README.es.md', () => {
  it('show the same commands, programs and outputs in the same order', () => {
    expect(blocksOf(spanish)).toEqual(blocksOf(english));
  });

  it('have the same headings by level, tables by size, and inline code', () => {
    expect(pageOutline(spanish)).toEqual(pageOutline(english));
  });

  it('link to each other first, and then to the same pages', () => {
    const [toSpanish, ...englishLinks] = linkTargets(english);
    const [toEnglish, ...spanishLinks] = linkTargets(spanish);
    expect([toSpanish, toEnglish]).toEqual(['README.es.md', 'README.md']);
    expect(spanishLinks).toEqual(englishLinks);
  });
});
