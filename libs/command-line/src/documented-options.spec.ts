import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { openAmqpTransport } from './command-frame.ts';
import { commandsNotApplicable, optionsNotApplicable } from './not-applicable.ts';
import { createProgram } from './program.ts';
import { FakeProcess } from './testing/fake-process.ts';
import { programUrl } from './testing/run-command-line.ts';

/** Celery 5.7.0, celery/bin/: the long options of the commands that there are here as well. */
const celeryOptions = {
  celeriac: 'app broker result-backend loader config workdir no-color quiet version skip-checks',
  'celeriac worker':
    'hostname detach statedb loglevel optimization prefetch-multiplier disable-prefetch concurrency pool task-events events ' +
    'time-limit soft-time-limit max-tasks-per-child pool-start-method max-memory-per-child purge discard queues ' +
    'exclude-queues include without-gossip without-mingle without-heartbeat heartbeat-interval autoscale beat ' +
    'schedule-filename schedule scheduler logfile pidfile uid gid umask executable',
  'celeriac call': 'args kwargs eta countdown expires serializer queue exchange routing-key',
  'celeriac result': 'task traceback',
  'celeriac purge': 'force queues exclude-queues',
} as const;

const celeryCommands =
  'amqp beat call control events graph inspect list logtool migrate multi purge report result shell status upgrade worker';

type Title = keyof typeof celeryOptions;

interface Row {
  readonly option: string;
  readonly here: string;
  readonly how: string;
}

const page = readFileSync(join(__dirname, '../../../docs/command-line.md'), 'utf8');

/** The rows of the first table below a heading; inline code loses its backticks. */
function rowsBelow(heading: string): readonly Row[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [text = ''] = section.split('\n## ');
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [, option = '', here = '', how = ''] = line.split('|');
      return { option: option.replaceAll('`', '').trim(), here: here.trim(), how: how.trim() };
    });
}

function longNames(rows: readonly Row[]): readonly string[] {
  return rows.flatMap(({ option }) => option.match(/(?<=--)[\w-]+/g) ?? []).sort();
}

function visibleOptions(command: Command | undefined): readonly Option[] {
  return (command?.options ?? []).filter(({ hidden }) => !hidden);
}

function visibleCommands(program: Command): readonly Command[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help');
}

describe('docs/command-line.md', () => {
  const program = createProgram({
    host: new FakeProcess(),
    programUrl,
    openTransport: openAmqpTransport,
    exitCode: 0,
    isOutputAwaited: true,
  });
  const commands = new Map<string, Command>([
    ['celeriac', program],
    ...program.commands.map((command): [string, Command] => [`celeriac ${command.name()}`, command]),
  ]);

  describe.each(Object.keys(celeryOptions) as Title[])('the options of %s', (title) => {
    const rows = rowsBelow(`Options of ${title}`);

    it('are those of the program', () => {
      const there = rows.filter(({ here }) => here !== 'not applicable').map(({ option }) => option);
      const options = visibleOptions(commands.get(title)).map(({ flags }) => flags.replace(/ <.*$/, ''));

      expect(options.length).toBeGreaterThan(0);
      expect([...there].sort()).toEqual([...options].sort());
    });

    it("are Celery's, all of them, and what is said to be ours", () => {
      const celerys = rows.filter(({ here }) => here !== 'ours');

      expect(longNames(celerys)).toEqual(celeryOptions[title].split(' ').sort());
    });

    it('are refused with the reason that is given', () => {
      const refused = rows.filter(({ here }) => here === 'not applicable');

      expect(Object.fromEntries(refused.map(({ option, how }) => [option, how]))).toEqual(
        new Map(Object.entries(optionsNotApplicable)).get(title) ?? {},
      );
    });

    it('are each supported, different, not applicable or ours', () => {
      const words = new Set(rows.map(({ here }) => here));

      expect(['supported', 'different', 'not applicable', 'ours']).toEqual(
        expect.arrayContaining([...words]),
      );
    });
  });

  it("lists every command of Celery's, and says truly which there are", () => {
    const rows = rowsBelow('Commands');
    const there = rows.filter(({ here }) => here !== 'not applicable');
    const names = (some: readonly Row[]): string[] => some.flatMap(({ option }) => option.split(', ')).sort();

    expect(names(rows)).toEqual(celeryCommands.split(' '));
    const refused = rows.filter(({ here }) => here === 'not applicable');
    expect(Object.fromEntries(refused.map(({ option, how }) => [option, how]))).toEqual(
      commandsNotApplicable,
    );
    expect(names(there)).toEqual(
      visibleCommands(program)
        .map((command) => command.name())
        .sort(),
    );
  });
});
