import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPointFile } from '../point-file.ts';
import { fillIn, sectionsOf, unformatted } from './document.ts';
import { scalingSections } from './scaling-report.ts';

const root = join(__dirname, '..', '..', '..', '..');

describe('docs/scaling.md', () => {
  it('has the tables that its points give, and all of them', async () => {
    const sections = scalingSections(await readPointFile(join(root, 'tools/scaling/measured.jsonl')));
    const page = readFileSync(join(root, 'docs/scaling.md'), 'utf8');

    expect(Object.fromEntries(sectionsOf(page))).toEqual(
      Object.fromEntries(sections.map(({ title, text }) => [title, unformatted(text)])),
    );
  });
});

describe('fillIn', () => {
  const page = 'Text.\n\n<!-- measured: a -->\n\nold\n\n<!-- end -->\n\nMore.\n';

  it('puts a section in its place and leaves the rest', () => {
    expect(fillIn(page, [{ title: 'a', text: '| x |\n\n' }])).toBe(
      'Text.\n\n<!-- measured: a -->\n\n| x |\n\n<!-- end -->\n\nMore.\n',
    );
  });

  it.each([
    [[], "nothing was measured for 'a'"],
    [
      [
        { title: 'a', text: '' },
        { title: 'b', text: '' },
      ],
      'the page has no place for b',
    ],
  ])('refuses what does not fit: %j', (sections, message) => {
    expect(() => fillIn(page, sections)).toThrow(message);
  });
});
