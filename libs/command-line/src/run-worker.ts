import {
  claimNodeName,
  openLogDestination,
  resolveNodeName,
  runApp,
  type AppContext,
  type AppProcess,
  type LoggerOptions,
  type RunnableApp,
  expandNodePath,
} from '@celeriac/app-shell';
import { coerceError } from '@celeriac/primitives';
import { createWorker, defaultConcurrency } from '@celeriac/worker';
import type { Command } from 'commander';
import { openSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandError } from './command-errors.ts';
import type { CommandFrame } from './command-frame.ts';
import { loadRequiredApp, queuesOf, type LoadedApp } from './load-app.ts';
import { takePidFile } from './pid-file.ts';
import { purgeBefore } from './purge-before.ts';
import { selectQueues, type QueueSelection } from './select-queues.ts';
import { environmentOf, settingsOf } from './setting-option.ts';
import { ownVersion } from './versions.ts';
import { workerBanner } from './worker-banner.ts';

/** The options of `worker` that are no settings. */
export interface WorkerCommandOptions extends QueueSelection {
  readonly purge?: true;
  readonly logfile?: string;
  readonly pidfile?: string;
}

/** What is known of a worker before its frame starts. */
interface WorkerPlan {
  readonly app: LoadedApp;
  readonly nodeName: string;
  readonly queues: readonly string[];
  readonly isQuiet: boolean;
}

/**
 * Runs a worker in the frame of app-shell, to its end.
 *
 * @returns the exit code
 * @throws UsageError without `-A`, or when `-X` leaves no queue
 * @throws ImproperlyConfiguredError when the module of `-A` cannot be loaded, or a setting is wrong
 * @throws CommandError when the pidfile is another's, or a file cannot be opened
 */
export async function runWorker(
  frame: CommandFrame,
  command: Command,
  options: WorkerCommandOptions,
): Promise<number> {
  const { host } = frame;
  const settings = settingsOf(frame, command);
  const app = await loadRequiredApp(frame, command);
  const plan: WorkerPlan = {
    app,
    nodeName: resolveNodeName(settings.nodeName ?? 'celery@%h', ''),
    queues: selectQueues(settings.workerQueues ?? queuesOf(app.holders), options),
    isQuiet: command.optsWithGlobals<{ quiet?: true }>().quiet === true,
  };
  const pathOf = (path: string): string => resolve(host.cwd(), expandNodePath(path, plan.nodeName));
  const destination = options.logfile === undefined ? undefined : openLogFile(pathOf(options.logfile));
  const removePidFile =
    options.pidfile === undefined ? undefined : takePidFile(pathOf(options.pidfile), host.pid);
  let exitCode = 1;
  try {
    await runApp({
      name: 'celeriac',
      destination,
      process: appProcess(frame, environmentOf(host.env, command), (code) => (exitCode = code)),
      create: (context) => createApp(frame, plan, context, options.purge === true),
    });
  } finally {
    removePidFile?.();
  }
  return exitCode;
}

function createApp(
  frame: CommandFrame,
  { app, nodeName, queues, isQuiet }: WorkerPlan,
  { settings, logger }: AppContext,
  isPurging: boolean,
): RunnableApp {
  if (!isQuiet) {
    const tasks = ['debug', 'info'].includes(settings.logLevel)
      ? app.holders.flatMap((holder) => holder.tasks.map(({ name }) => name))
      : undefined;
    const banner = workerBanner({
      ...settings,
      workerConcurrency: settings.workerConcurrency ?? defaultConcurrency(settings.workerPool),
      nodeName,
      version: ownVersion(frame.programUrl),
      app: app.name,
      queues,
      tasks,
      startedAt: new Date(),
    });
    frame.host.stderr.write(banner);
  }
  const worker = createWorker(app.holders, {
    ...settings, // under the names of the worker's own options
    confirmPublish: settings.brokerConfirmPublish,
    workerStateDb:
      settings.workerStateDb === undefined ? undefined : expandNodePath(settings.workerStateDb, nodeName),
    nodeName,
    queues,
    tasksModule: app.tasksModule,
    logger,
  });
  void worker.done.then(claimNodeName({ nodeName, brokerUrl: settings.brokerUrl, logger }));
  return isPurging
    ? purgeBefore(worker, { queues, logger, transport: frame.openTransport(settings) })
    : worker;
}

/** The process with another environment, whose end is told and left to the caller. */
function appProcess(
  { host }: CommandFrame,
  env: NodeJS.ProcessEnv,
  onExit: (code: number) => void,
): AppProcess {
  return {
    env,
    stderr: host.stderr,
    exit: onExit,
    // signals and escaped errors alike: the pairs of event and listener go on as they come
    on: (event: never, listener: never) => host.on(event, listener),
    off: (event: never, listener: never) => host.off(event, listener),
  };
}

function openLogFile(path: string): LoggerOptions['destination'] {
  try {
    return openLogDestination(openSync(path, 'a'));
  } catch (error) {
    throw new CommandError(`logfile cannot be opened: ${coerceError(error).message}`, { cause: error });
  }
}
