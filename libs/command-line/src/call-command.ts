import { nearestName } from '@celeriac/app-shell';
import { serializerNames } from '@celeriac/protocol';
import { Option, type Command } from 'commander';
import { randomUUID } from 'node:crypto';
import type { CommandFrame } from './command-frame.ts';
import { loadApp } from './load-app.ts';
import { instant, instantOrSeconds, jsonArray, jsonObject, seconds } from './option-parsers.ts';
import { printResult } from './print-result.ts';
import { takeResult } from './result-queue.ts';
import { sendCall, type CommandCall } from './send-call.ts';
import { SettingOption, settingsOf } from './setting-option.ts';

interface CallOptions extends Pick<
  CommandCall,
  'args' | 'kwargs' | 'eta' | 'countdown' | 'expires' | 'queue' | 'exchange' | 'routingKey'
> {
  /** Seconds. */
  readonly wait?: number;
  readonly keepResult?: true;
}

/** Adds `celeriac call`, by the options of celery/bin/call.py. */
export function addCallCommand(program: Command, frame: CommandFrame): void {
  program
    .command('call')
    .summary('Call a task by name.')
    .description('Call a task by name. Prints its id.')
    .argument('<name>', 'name of the task')
    .optionsGroup('Calling Options:')
    .addOption(
      new Option('-a, --args <json array>', 'Positional arguments.').argParser(jsonArray).default([], '[]'),
    )
    .addOption(
      new Option('-k, --kwargs <json object>', 'Keyword arguments.').argParser(jsonObject).default({}, '{}'),
    )
    .addOption(new Option('--eta <iso8601>', 'scheduled time.').argParser(instant).conflicts('countdown'))
    .option('--countdown <seconds>', 'eta in seconds from now.', seconds)
    .option('--expires <iso8601 or seconds>', 'expiry time.', instantOrSeconds)
    .addOption(
      new SettingOption(
        '--serializer <name>',
        `task serializer: ${serializerNames.join(', ')}. Default: CELERY_TASK_SERIALIZER, else json.`,
        'CELERY_TASK_SERIALIZER',
      ),
    )
    .optionsGroup('Routing Options:')
    .option('--queue <name>', 'custom queue name.')
    .option('--exchange <name>', 'custom exchange name.')
    .option('--routing-key <key>', 'custom routing key.')
    .optionsGroup('Result Options:')
    .option('-w, --wait <seconds>', 'Wait for the result for so long, and print it as JSON.', seconds)
    .option('--keep-result', 'Keep the result at the broker, for `celeriac result`.')
    .addHelpText(
      'after',
      `
The task goes to --queue, else to the queue of the module of -A that declares it, else to CELERY_TASK_DEFAULT_QUEUE.
With rpc:// a result goes to whoever made the call. Without --wait and --keep-result it goes nowhere.

Examples:
  $ celeriac call add -a '[{"num_1": 7, "num_2": 2}]' --queue addition --wait 10
  $ celeriac -A dist/tasks.js call add -k '{"payload": {"num_1": 7, "num_2": 2}}' --countdown 60`,
    )
    .action(async (name: string, options: CallOptions, command: Command) => {
      const settings = settingsOf(frame, command);
      const app = await loadApp(frame, command);
      const tasks = app?.holders.flatMap((holder) => holder.tasks) ?? [];
      const declared = tasks.find((task) => task.name === name);
      const { wait, keepResult, ...call } = options;
      const id = randomUUID();
      const transport = frame.openTransport(settings);
      try {
        await sendCall(
          transport,
          {
            ...call,
            id,
            name,
            defaultQueue: declared?.queue ?? settings.taskDefaultQueue,
            keepsResult: wait !== undefined || keepResult === true,
          },
          settings,
          Date.now(),
        );
        if (app !== undefined && declared === undefined)
          frame.host.stderr.write(
            undeclaredWarning(
              name,
              app.name,
              tasks.map((task) => task.name),
            ),
          );
        frame.host.stdout.write(`${id}\n`);
        if (wait !== undefined) printResult(frame, await takeResult(transport, id, wait * 1000));
      } finally {
        await transport.close();
      }
    });
}

/** The call is made all the same: a worker elsewhere may know the task. */
function undeclaredWarning(name: string, module: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  const remedy = nearest === undefined ? `it declares ${known.join(', ')}` : `did you mean ${nearest}?`;
  return `warning: no holder of ${module} declares the task ${name}; ${remedy}\n`;
}
