import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { tableRows } from './table-rows.ts';

const root = join(__dirname, '..', '..', '..');

/** Files that a cell names, below libs/ or the root. */
function missingFiles(cell: string): string[] {
  return cell
    .split(/, | and /)
    .filter((name) => /\.(?:ts|js|yml)$/.test(name))
    .filter((name) => !existsSync(join(root, name)) && !existsSync(join(root, 'libs', name)));
}

describe('the table of SECURITY.md', () => {
  const rows = tableRows(readFileSync(join(root, 'SECURITY.md'), 'utf8')).filter(([, what]) => what !== '');

  it.each(rows.map((row): [string, readonly string[]] => [row[0] ?? '', row]))(
    '%s: what happens, where it is held, and its test',
    (_attack, [, what = '', held = '', test = '']) => {
      expect(what.length).toBeGreaterThan(5);
      expect([...missingFiles(held), ...missingFiles(test)]).toEqual([]);
      expect(test).toMatch(/\.spec\.ts$/);
    },
  );
});
