import { Option, type Command } from 'commander';
import { UsageError } from './command-errors.ts';
import type { CommandFrame } from './command-frame.ts';
import { seconds } from './option-parsers.ts';
import { printResult } from './print-result.ts';
import { resultQueueName, takeResult } from './result-queue.ts';
import { settingsOf } from './setting-option.ts';
import { whenConnected } from './when-connected.ts';

interface ResultOptions {
  readonly traceback?: true;
  /** Seconds. */
  readonly wait?: number;
}

/** AMQP carries names of queues as short strings. */
const maxShortStringBytes = 255;

/** Adds `celeriac result`, by the options of celery/bin/result.py. */
export function addResultCommand(program: Command, frame: CommandFrame): void {
  program
    .command('result')
    .summary('Print the return value for a given task id.')
    .description('Print the return value for a given task id, as JSON. Waits for a task that has not ended.')
    .argument('<task_id>', 'as celeriac call --keep-result printed it')
    .optionsGroup('Result Options:')
    .option('--traceback', 'Show traceback instead.')
    .addOption(new Option('-w, --wait <seconds>', 'Longest wait. Default: for ever.').argParser(seconds))
    .addHelpText(
      'after',
      `
With rpc://, the result backend there is, a result goes to whoever made the call, and no other process can read it. The
exception is a call made by \`celeriac call --keep-result\`, or one that \`celeriac call --wait\` waited for in vain: its result
waits at the broker until it is read here, once, or CELERY_RESULT_EXPIRES has passed.`,
    )
    .action(async (taskId: string, options: ResultOptions, command: Command) => {
      if (Buffer.byteLength(resultQueueName(taskId)) > maxShortStringBytes)
        throw new UsageError(`'${taskId.slice(0, 40)}…' is too long for a task id of celeriac call`);
      const settings = settingsOf(frame, command);
      const transport = frame.openTransport(settings);
      try {
        const nothing = { exchanges: [], queues: [], bindings: [] };
        // a broker that is away shall not be waited for longer than by the other commands
        await whenConnected(() => transport.declare(nothing), { timeoutMs: settings.publishTimeoutMs });
        const waitMs = options.wait === undefined ? undefined : options.wait * 1000;
        printResult(frame, await takeResult(transport, taskId, waitMs), options);
      } finally {
        await transport.close();
      }
    });
}
