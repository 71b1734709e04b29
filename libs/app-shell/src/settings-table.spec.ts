import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingsTable } from './settings-table.ts';

const document = join(__dirname, '../../../docs/settings.md');

/** The cells of a Markdown table, without the padding that the formatter adds. */
function cellsOf(table: string): readonly (readonly string[])[] {
  return table
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\| -+ /.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

describe('docs/settings.md', () => {
  it('has the table that the definitions give (on a mismatch, paste the expected table)', () => {
    const [, section = ''] = readFileSync(document, 'utf8').split(/^## Table$/m);
    const [table = ''] = section.split(/^## /m);

    expect(cellsOf(table)).toEqual(cellsOf(settingsTable()));
  });
});
