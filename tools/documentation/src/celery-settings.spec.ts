import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { celerySettingRows, rowOfSetting } from './celery-settings-rows.ts';

const root = join(__dirname, '..', '..', '..');

function read(page: string): string {
  return readFileSync(join(root, 'docs', page), 'utf8');
}

/** The variables of this project, by the setting that docs/settings.md has for them; a test holds that page to the code. */
const variables = new Map(
  read('settings.md')
    .split('\n## Table\n')[1]
    ?.split('\n| ')
    .map((line) => line.replaceAll('`', '').split(' | '))
    .map(([setting = '', variable = '']) => [
      (variable.split(',')[0] ?? '').trim(),
      (setting.split('.')[0] ?? '').trim(),
    ]),
);
const rows = celerySettingRows(read('celery-settings.md'));

describe('docs/celery-settings.md', () => {
  it('has one line for each setting, in the order of the alphabet', () => {
    const settings = rows.map(({ setting }) => setting);
    expect(settings.length).toBeGreaterThan(100);
    expect(settings).toEqual([...new Set(settings)].sort());
  });

  it('says of each that it is supported, different or not applicable, and why it is not as in Celery', () => {
    for (const { setting, here, how, difference } of rows) {
      expect([setting, ['supported', 'different', 'not applicable'].includes(here)]).toEqual([setting, true]);
      if (here === 'supported') expect([setting, how === '']).toEqual([setting, false]);
      else expect([setting, difference.length > 5]).toEqual([setting, true]);
      if (here === 'not applicable') expect([setting, how]).toEqual([setting, '']);
    }
  });

  it('names variables that there are, each for the setting that it stands for', () => {
    const named = rows
      .filter(({ how }) => /^[A-Z]/.test(how))
      .map(({ setting, how }) => [how, setting] as const);
    expect(named.length).toBeGreaterThan(40);
    expect(named).toEqual(named.map(([variable]) => [variable, variables.get(variable)]));
  });

  it("names the variable of every setting of Celery's that has one", () => {
    const celerys = [...variables].filter(([, setting]) => /^[a-z]/.test(setting));
    expect(celerys.length).toBeGreaterThan(40);
    const missing = celerys.filter(([variable, setting]) => rowOfSetting(rows, setting)?.how !== variable);
    expect(missing).toEqual([]);
  });
});
