import { settingDefinitions, type SettingDefinition } from './setting-definitions.ts';

/** The settings as the Markdown table of docs/settings.md; a test holds the two together. */
export function settingsTable(): string {
  const rows = Object.values<SettingDefinition<unknown>>(settingDefinitions).map((setting) => [
    setting.celeryName === undefined ? '—' : code(setting.celeryName),
    code(setting.variable) + (setting.isSecret === true ? `, ${code(`${setting.variable}_FILE`)}` : ''),
    setting.parser.type,
    setting.fallbackText === '' ? 'unset' : code(setting.fallbackText),
    setting.difference ?? '',
    setting.meaning,
  ]);
  const head = [
    'Setting',
    'Environment variable',
    'Type',
    'Default',
    "Celery's default where it differs, and why",
    'Meaning',
  ];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}
