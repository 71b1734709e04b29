import { Option, type Command } from 'commander';
import { UsageError } from './command-errors.ts';

/** Why there are commands of Celery's that there are not here; docs/command-line.md has the same reasons. */
export const commandsNotApplicable: Readonly<Record<string, string>> = {
  'amqp, list': "RabbitMQ's own `rabbitmqctl` and management page do this",
  'beat, events, control, inspect, status, graph':
    "workers here take no remote commands; Python's `celery events` and Flower show their events, its `celery beat` can call their tasks",
  'logtool, migrate, multi, shell, upgrade':
    "for Python's own logs, settings and processes; an orchestrator starts more than one worker",
};

/** The same for options, by the command that Celery has them for. */
export const optionsNotApplicable: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  celeriac: {
    '--loader': 'Python loads Celery apps with it',
    '--config': 'settings come from the environment',
    '-C, --no-color': 'nothing is coloured',
    '--skip-checks': 'the checks are those of Django',
  },
  'celeriac worker': {
    '-D, --detach': 'systemd, a container or `&` do this',
    '--disable-prefetch': 'for Redis',
    '--pool-start-method': 'Node.js has no fork without exec',
    '-I, --include': 'the module of `-A` exports all that is served',
    '--autoscale': "an idle slot costs nothing on the event loop; replicas are an orchestrator's",
    '-B, --beat': "there is no beat; Python's `celery beat` can call tasks here",
    '-s, --schedule-filename, --schedule': 'for beat, which there is not',
    '--scheduler': 'for beat, which there is not',
    '--uid': "systemd's `User=` or a container's user do this",
    '--gid': "systemd's `Group=` or a container's group do this",
    '--umask': "systemd's `UMask=` or a container does this",
    '--executable': 'it names a Python',
  },
  'celeriac result': { '-t, --task': 'for a backend of a single task' },
};

/**
 * Adds the commands and options of Celery's that are not applicable here, so that each is refused with its reason rather
 * than as unknown. Help does not show them.
 */
export function refuseNotApplicable(program: Command): void {
  for (const [names, reason] of Object.entries(commandsNotApplicable))
    for (const name of names.split(', ')) refuseCommand(program, name, reason);
  refuseOptions(program, optionsNotApplicable[program.name()]);
  for (const command of program.commands)
    refuseOptions(command, optionsNotApplicable[`${program.name()} ${command.name()}`]);
}

function refuseCommand(program: Command, name: string, reason: string): void {
  program
    .command(name, { hidden: true })
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      throw new UsageError(`'${name}' is not a command here: ${reason}`);
    });
}

function refuseOptions(command: Command, refused: Readonly<Record<string, string>> = {}): void {
  for (const [flags, reason] of Object.entries(refused)) {
    const names = flags.split(', ');
    const short = names.find((name) => !name.startsWith('--'));
    for (const long of names.filter((name) => name.startsWith('--'))) {
      const isMain = long === names.find((name) => name.startsWith('--'));
      const option = new Option(
        isMain && short !== undefined ? `${short}, ${long} [value]` : `${long} [value]`,
      );
      command.addOption(option.hideHelp());
      command.on(`option:${option.name()}`, () => {
        throw new UsageError(`'${long}' is not an option here: ${reason}`);
      });
    }
  }
}
