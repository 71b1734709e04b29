import { maskCredentials } from '@celeriac/app-shell';
import type { Command } from 'commander';
import { arch, release, type } from 'node:os';
import type { CommandFrame } from './command-frame.ts';
import { environmentOf, settingsOf } from './setting-option.ts';
import { amqplibVersion, ownVersion } from './versions.ts';

const settingName = /^(?:CELERY|CELERIAC)_/;

/** Names whose values are not shown. Source: Celery 5.7.0, celery/app/utils.py `HIDDEN_SETTINGS`. */
const hidden = /API|TOKEN|KEY|SECRET|PASS/;

/** Adds `celeriac report`, in the form of celery/app/utils.py `bugreport`. */
export function addReportCommand(program: Command, frame: CommandFrame): void {
  program
    .command('report')
    .summary('Shows information useful to include in bug-reports.')
    .description(
      'Shows information useful to include in bug-reports: versions, and the settings that were given. Without credentials.',
    )
    .action((_options: object, command: Command) => {
      const { brokerUrl, resultBackend } = settingsOf(frame, command);
      const { app } = command.optsWithGlobals<{ app?: string }>();
      const given = Object.entries(environmentOf(frame.host.env, command))
        .filter(([name, value]) => settingName.test(name) && value !== '')
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value = '']) => `${name}: '${hidden.test(name) ? '********' : maskCredentials(value)}'`);
      const lines = [
        '',
        `software -> celeriac:${ownVersion(frame.programUrl)} node:${process.versions.node}`,
        `            amqplib:${amqplibVersion(frame.programUrl)}`,
        `platform -> system:${type()} arch:${arch()}`,
        `            kernel version:${release()} imp:V8 ${process.versions.v8}`,
        `loader   -> ${app ?? 'none (give -A for one)'}`,
        `settings -> transport:${maskCredentials(brokerUrl)} results:${resultBackend}`,
        '',
        ...(given.length === 0 ? ['all settings have their defaults'] : given),
      ];
      frame.host.stdout.write(`${lines.join('\n')}\n`);
    });
}
