import { Option, type Command } from 'commander';
import type { CommandFrame } from './command-frame.ts';
import { logLevelNames, logLevelOf } from './log-levels.ts';
import { commaSeparatedList } from './option-parsers.ts';
import { runWorker, type WorkerCommandOptions } from './run-worker.ts';
import { SettingOption } from './setting-option.ts';

/** Adds `celeriac worker`, by the options of celery/bin/worker.py. */
export function addWorkerCommand(program: Command, frame: CommandFrame): void {
  const command = program
    .command('worker')
    .summary('Start worker instance.')
    .description('Start worker instance. It serves the tasks that the module of -A exports.')
    .addHelpText(
      'after',
      `
Signals: TERM and the first INT (Ctrl-C) stop it when running tasks have ended, a second INT or QUIT at once.
A task goes to a free slot alone, never to a busy one (-O fair), and workers here neither gossip nor mingle: the options that
say so are taken and change nothing.

Examples:
  $ celeriac -A dist/tasks.js worker -l INFO
  $ celeriac -A dist/tasks.js worker -l INFO -Q hipri,lopri
  $ celeriac -A dist/tasks.js worker --concurrency=4 -P processes`,
    )
    .action(async (options: WorkerCommandOptions, self: Command) => {
      frame.isOutputAwaited = false;
      frame.exitCode = await runWorker(frame, self, options);
    });
  addWorkerOptions(command);
  addPoolOptions(command);
  addTaskEvents(command);
  addQueueOptions(command);
  addFeatures(command);
  addDaemonizationOptions(command);
}

function addWorkerOptions(command: Command): void {
  command
    .optionsGroup('Worker Options:')
    .addOption(
      new SettingOption(
        '-n, --hostname <name>',
        "Set custom hostname (e.g., 'w1@%h'). Expands: %h (hostname), %n (name) and %d (domain). Default: celery@%h.",
        'CELERIAC_NODE_NAME',
      ),
    )
    .addOption(
      new SettingOption(
        '-S, --statedb <path>',
        'Path to the state database, which keeps revoked ids over a restart.',
        'CELERY_WORKER_STATE_DB',
      ),
    )
    .addOption(
      new SettingOption(
        '-l, --loglevel <level>',
        `Logging level: ${logLevelNames.join(', ')}. Default: INFO.`,
        'CELERIAC_LOG_LEVEL',
        logLevelOf,
      ),
    )
    .addOption(
      new Option('-O, --optimization <profile>', 'Apply optimization profile.').choices(['default', 'fair']),
    )
    .addOption(
      new SettingOption(
        '--prefetch-multiplier <multiplier>',
        'Set custom prefetch multiplier value for this worker instance.',
        'CELERY_WORKER_PREFETCH_MULTIPLIER',
      ),
    );
}

/** Switches of Celery, for which `true` is the setting. */
function addTaskEvents(command: Command): void {
  const description =
    'Send task-related events that can be captured by monitors like celery events and Flower.';
  for (const flags of ['-E, --task-events', '--events'])
    command.addOption(new SettingOption(flags, description, 'CELERY_WORKER_SEND_TASK_EVENTS').preset('true'));
}

function addPoolOptions(command: Command): void {
  command
    .optionsGroup('Pool Options:')
    .addOption(
      new SettingOption(
        '-c, --concurrency <concurrency>',
        'Number of tasks that run at a time. Default: 64 on the event loop, else the number of CPUs.',
        'CELERY_WORKER_CONCURRENCY',
      ),
    )
    .addOption(
      new SettingOption(
        '-P, --pool <pool>',
        'Pool implementation: eventloop (default), threads, processes, prefork (processes by the name of Celery), solo.',
        'CELERY_WORKER_POOL',
      ),
    )
    .addOption(
      new SettingOption(
        '--time-limit <seconds>',
        'Enables a hard time limit (in seconds) for tasks.',
        'CELERY_TASK_TIME_LIMIT',
      ),
    )
    .addOption(
      new SettingOption(
        '--soft-time-limit <seconds>',
        'Enables a soft time limit (in seconds) for tasks.',
        'CELERY_TASK_SOFT_TIME_LIMIT',
      ),
    )
    .addOption(
      new SettingOption(
        '--max-tasks-per-child <count>',
        "Maximum number of tasks a pool worker can execute before it's terminated and replaced by a new worker.",
        'CELERY_WORKER_MAX_TASKS_PER_CHILD',
      ),
    )
    .addOption(
      new SettingOption(
        '--max-memory-per-child <KiB>',
        'Maximum amount of resident memory that may be consumed by a child process before it will be replaced by a new one.',
        'CELERY_WORKER_MAX_MEMORY_PER_CHILD',
      ),
    );
}

function addQueueOptions(command: Command): void {
  command
    .optionsGroup('Queue Options:')
    .option('--discard, --purge', 'Erase all messages of the queues before it starts.')
    .option('-Q, --queues <list>', 'Comma separated list of queue names to consume.', commaSeparatedList)
    .option(
      '-X, --exclude-queues <list>',
      'Comma separated list of queue names not to consume.',
      commaSeparatedList,
    );
}

/** Command lines of Celery's workers have them; gossip and mingle are never on here. */
function addFeatures(command: Command): void {
  command
    .optionsGroup('Features:')
    .option('--without-gossip', 'It never subscribes to other workers.')
    .option('--without-mingle', 'It never asks other workers when it starts.')
    .addOption(
      new SettingOption(
        '--heartbeat-interval <seconds>',
        'Interval in seconds at which to send the heartbeat event of the worker. Default: 2.',
        'CELERIAC_WORKER_HEARTBEAT_INTERVAL',
      ),
    )
    .addOption(
      // after the interval, as the last of two options for one variable wins
      new SettingOption(
        '--without-heartbeat',
        'Do not send event heartbeats.',
        'CELERIAC_WORKER_HEARTBEAT_INTERVAL',
      ).preset('0'),
    );
}

function addDaemonizationOptions(command: Command): void {
  const expansions = 'Expands: %p (node name), %n (its name), %h (its host) and %d (its domain).';
  command
    .optionsGroup('Daemonization Options:')
    .option('-f, --logfile <path>', `Log destination; defaults to standard output. ${expansions}`)
    .option('--pidfile <path>', `PID file path; defaults to no PID file. ${expansions}`);
}
