import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { skippedTitle } from '@celeriac/local-stack';

import { celerySettingRows, rowOfSetting } from './celery-settings-rows.ts';
import { Program } from './program.ts';

const root = join(__dirname, '..', '..', '..');
const python = process.env['CELERIAC_TEST_PYTHON_NEWEST'];
const title = 'has a line for every setting of the newest Celery, and for none that there is not';

describe('docs/celery-settings.md', () => {
  if (python === undefined) {
    it.skip(skippedTitle(title, process.env['CELERIAC_TEST_PYTHON_SKIP_REASON']), () => undefined);
    return;
  }

  it(title, async () => {
    const program = 'from celery.app.defaults import DEFAULTS; print(*sorted(DEFAULTS), sep="\\n")';
    const env = { ...process.env, PYTHONWARNINGS: 'ignore' };
    const listed = await new Program(`"${python}" -c '${program}'`, { cwd: root, env }).finish();
    const settings = listed.trimEnd().split('\n');
    expect(settings.length).toBeGreaterThan(100);

    const rows = celerySettingRows(readFileSync(join(root, 'docs', 'celery-settings.md'), 'utf8'));
    expect(settings.filter((setting) => rowOfSetting(rows, setting) === undefined)).toEqual([]);
    const used = new Set(settings.map((setting) => rowOfSetting(rows, setting)));
    expect(rows.filter((row) => !used.has(row))).toEqual([]);
  });
});
