import { type Command } from 'commander';
import { CommandError } from './command-errors.ts';
import type { CommandFrame } from './command-frame.ts';
import { confirm } from './confirm.ts';
import { loadApp, queuesOf } from './load-app.ts';
import { commaSeparatedList } from './option-parsers.ts';
import { purgeQueues } from './purge-queues.ts';
import { selectQueues, type QueueSelection } from './select-queues.ts';
import { settingsOf } from './setting-option.ts';

interface PurgeOptions extends QueueSelection {
  readonly force?: true;
}

/** Adds `celeriac purge`, by the options of celery/bin/purge.py. */
export function addPurgeCommand(program: Command, frame: CommandFrame): void {
  program
    .command('purge')
    .summary('Erase all messages from all known task queues.')
    .description(
      'Erase all messages from all known task queues: those of -Q, else those of the module of -A, else\n' +
        "CELERY_TASK_DEFAULT_QUEUE. There's no undo operation for this command.",
    )
    .optionsGroup('Purging Options:')
    .option('-f, --force', "Don't prompt for verification.")
    .option('-Q, --queues <list>', 'Comma separated list of queue names to purge.', commaSeparatedList)
    .option(
      '-X, --exclude-queues <list>',
      'Comma separated list of queues names not to purge.',
      commaSeparatedList,
    )
    .action(async (options: PurgeOptions, command: Command) => {
      const settings = settingsOf(frame, command);
      const app = await loadApp(frame, command);
      const known = app === undefined ? [settings.taskDefaultQueue] : queuesOf(app.holders);
      const queues = selectQueues(known, options);
      if (options.force !== true && !(await confirm(warningOf(queues), frame.host)))
        throw new CommandError('Aborted!');
      const transport = frame.openTransport(settings);
      try {
        const count = await purgeQueues(transport, queues, { timeoutMs: settings.publishTimeoutMs });
        frame.host.stdout.write(`${outcomeOf(count, queues.length)}\n`);
      } finally {
        await transport.close();
      }
    });
}

function warningOf(queues: readonly string[]): string {
  return (
    `WARNING: This will remove all tasks from ${plural(queues.length, 'queue')}: ${[...queues].sort().join(', ')}.\n` +
    '         There is no undo for this operation!\n\n' +
    '(to skip this prompt use the -f option)\n' +
    'Are you sure you want to delete all tasks?'
  );
}

function outcomeOf(messages: number, queues: number): string {
  if (messages === 0) return `No messages purged from ${queues} ${plural(queues, 'queue')}.`;
  return `Purged ${messages} ${plural(messages, 'message')} from ${queues} known task ${plural(queues, 'queue')}.`;
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
