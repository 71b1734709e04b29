import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { relativeLinks } from './relative-links.ts';

const docs = join(__dirname, '..', '..', '..', 'docs');
const page = readFileSync(join(docs, 'workers.md'), 'utf8');

/** The file of that name to which the page links. */
function linked(name: string): string {
  const link = relativeLinks(page).find((target) => target.endsWith(`/${name}`));
  if (link === undefined) throw new Error(`docs/workers.md has no link to ${name}`);
  return readFileSync(join(docs, link), 'utf8');
}

/** What stands in backticks below a heading, up to the next. */
function inlineCodeBelow(heading: string): readonly string[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  return ((heading === '' ? page : section).split('\n## ')[0] ?? '').match(/(?<=`)[^`\n]+(?=`)/g) ?? [];
}

describe('docs/workers.md', () => {
  it('has every option that a task can be given', () => {
    const [, text = ''] = linked('task-execution-options.ts').split(
      'export interface TaskExecutionOptions {',
    );
    const options = Array.from(
      (text.split('\n}')[0] ?? '').matchAll(/^ {2}readonly (\w+)\?:/gm),
      ([, name]) => name,
    );
    expect(options.length).toBeGreaterThan(15);
    expect(inlineCodeBelow('')).toEqual(expect.arrayContaining(options));
  });

  it('has every signal of a worker', () => {
    const signals = Array.from(
      linked('worker-signals.ts').matchAll(/readonly (\w+) = new Signal/g),
      ([, name]) => name,
    );
    expect(signals.length).toBeGreaterThan(15);
    expect(inlineCodeBelow('Signals')).toEqual(expect.arrayContaining(signals));
  });
});
