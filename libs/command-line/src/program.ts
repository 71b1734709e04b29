import { maskCredentials } from '@celeriac/app-shell';
import { coerceError } from '@celeriac/primitives';
import { Command } from 'commander';
import { addCallCommand } from './call-command.ts';
import { UsageError } from './command-errors.ts';
import type { CommandFrame } from './command-frame.ts';
import { refuseNotApplicable } from './not-applicable.ts';
import { addPurgeCommand } from './purge-command.ts';
import { addReportCommand } from './report-command.ts';
import { addResultCommand } from './result-command.ts';
import { SettingOption } from './setting-option.ts';
import { ownVersion } from './versions.ts';
import { addWorkerCommand } from './worker-command.ts';

/** The program `celeriac`: its global options and its commands. Parsing throws a CommanderError instead of ending the process. */
export function createProgram(frame: CommandFrame): Command {
  const { host } = frame;
  const program = new Command('celeriac')
    .description('Celery command entrypoint for workers and calls in TypeScript.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      outputError: (text, write) => {
        write(maskCredentials(text)); // it may show what was given
      },
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .configureHelp({ showGlobalOptions: true })
    .helpOption('--help', 'Show this message and exit.')
    .optionsGroup('Global Options:')
    .option('-A, --app <module>', 'JavaScript module that exports the tasks: what implement() gave.')
    .addOption(
      new SettingOption(
        '-b, --broker <url>',
        'The broker, instead of CELERY_BROKER_URL.',
        'CELERY_BROKER_URL',
      ),
    )
    .addOption(
      new SettingOption(
        '--result-backend <url>',
        'Where results go, instead of CELERY_RESULT_BACKEND.',
        'CELERY_RESULT_BACKEND',
      ),
    )
    .option('--workdir <directory>', 'Directory to change to first.')
    .option('-q, --quiet', 'Show no banner at the start of a worker.')
    .version(ownVersion(frame.programUrl), '--version', 'Show the version and exit.')
    .addHelpText(
      'after',
      '\nSettings come from the environment (docs/settings.md); an option wins over its variable.\n' +
        '`celeriac COMMAND --help` tells of the options of a command.',
    )
    .hook('preAction', (command) => {
      const { workdir } = command.opts<{ workdir?: string }>();
      if (workdir !== undefined) changeDirectory(frame, workdir);
    });
  addWorkerCommand(program, frame);
  addCallCommand(program, frame);
  addResultCommand(program, frame);
  addPurgeCommand(program, frame);
  addReportCommand(program, frame);
  refuseNotApplicable(program);
  return program;
}

function changeDirectory({ host }: CommandFrame, directory: string): void {
  try {
    host.chdir(directory);
  } catch (error) {
    throw new UsageError(`option '--workdir <directory>': ${coerceError(error).message}`, { cause: error });
  }
}
