import { celerySettingRows, rowOfSetting } from './celery-settings-rows.ts';

describe('celerySettingRows', () => {
  it('gives the cells by name', () => {
    const page =
      '| Setting | Here | How | What differs |\n| --- | --- | --- | --- |\n| `a_*` | different | `A` | why |\n';
    expect(celerySettingRows(page)).toEqual([
      { setting: 'a_*', here: 'different', how: 'A', difference: 'why' },
    ]);
  });
});

describe('rowOfSetting', () => {
  const rows = ['a_*', 'a_b_*', 'a_b_c'].map((setting) => ({ setting, here: '', how: '', difference: '' }));

  it.each([
    ['a_b_c', 'a_b_c'],
    ['a_b_d', 'a_b_*'],
    ['a_x', 'a_*'],
    ['b', undefined],
  ])('is for %s %s', (setting, row) => {
    expect(rowOfSetting(rows, setting)?.setting).toBe(row);
  });
});
