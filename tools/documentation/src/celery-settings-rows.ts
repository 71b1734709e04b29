import { tableRows } from './table-rows.ts';

/** One line of docs/celery-settings.md. */
export interface CelerySettingRow {
  /** A setting of Celery's, or with `*` at its end all that begin so and have no line of their own. */
  readonly setting: string;
  /** What has become of it. */
  readonly here: string;
  /** Variable or option; empty where there is none. */
  readonly how: string;
  /** What differs, and why; empty where nothing does. */
  readonly difference: string;
}

/** The lines of docs/celery-settings.md, in their order. */
export function celerySettingRows(page: string): readonly CelerySettingRow[] {
  return tableRows(page).map(([setting = '', here = '', how = '', difference = '']) => ({
    setting,
    here,
    how,
    difference,
  }));
}

/** The line for a setting: its own, else the one with `*` that has most in common with it. */
export function rowOfSetting(
  rows: readonly CelerySettingRow[],
  setting: string,
): CelerySettingRow | undefined {
  const own = rows.find((row) => row.setting === setting);
  if (own !== undefined) return own;
  return rows
    .filter((row) => row.setting.endsWith('*') && setting.startsWith(row.setting.slice(0, -1)))
    .sort((one, other) => other.setting.length - one.setting.length)[0];
}
