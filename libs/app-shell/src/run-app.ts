import { ImproperlyConfiguredError, type Logger } from '@celeriac/primitives';
import { createLogger, type LogDestination, type LoggerOptions } from './create-logger.ts';
import type { FatalErrorSource } from './handle-fatal-errors.ts';
import type { SignalSource } from './handle-signals.ts';
import { openLogDestination } from './log-destination.ts';
import { readSettings, unusedVariables } from './read-settings.ts';
import type { Settings } from './setting-definitions.ts';
import { superviseApp, type RunnableApp } from './supervise-app.ts';

/** What an app is made from. */
export interface AppContext {
  readonly settings: Settings;
  readonly logger: Logger;
}

/** The part of `process` that an app's frame uses. */
export type AppProcess = AppEnvironment & SignalSource & FatalErrorSource;

interface AppEnvironment {
  readonly env: NodeJS.ProcessEnv;
  readonly stderr: { write(text: string): unknown };
  exit(code: number): void;
}

export interface RunAppOptions {
  /** Name of the app in its log lines, such as `addition`. */
  readonly name: string;
  /** Builds the app; no I/O yet. */
  readonly create: (context: AppContext) => RunnableApp;
  /** Default: the process itself. */
  readonly process?: AppProcess;
  /** Where log lines go. Default: standard output. */
  readonly destination?: LoggerOptions['destination'];
}

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const;

/** How long the end of the process waits for a log reader that is behind, in ms. */
const logFlushTimeoutMs = 1000;

/**
 * The frame of every app: settings from the environment, a logger, the app, its signals and health, and at the end of
 * the app the end of the process.
 *
 * A variable that only Celery's own program reads is warned about. A wrong setting is printed to standard error in plain
 * lines, and the process ends with code 1 before anything connects; the other exit codes are those of `superviseApp`.
 */
export async function runApp({
  name,
  create,
  process: host = process,
  destination = openLogDestination(),
}: RunAppOptions): Promise<void> {
  let exitCode = 1;
  try {
    const settings = readSettings(host.env);
    const { logLevel: level, healthHost, healthPort: port, startupTimeoutMs } = settings;
    const logger = createLogger({ level, name, destination });
    for (const variable of unusedVariables(host.env))
      logger.warn({ variable }, 'this variable of Celery has no use here: docs/celery-settings.md');
    exitCode = await superviseApp({
      app: create({ settings, logger }),
      logger,
      shutdownTimeoutMs: settings.shutdownTimeoutMs,
      softShutdown: {
        timeoutMs: settings.workerSoftShutdownTimeoutMs,
        onIdle: settings.workerEnableSoftShutdownOnIdle,
      },
      remapSigterm: settings.remapSigterm,
      health: port === undefined ? undefined : { host: healthHost, port, startupTimeoutMs },
      source: host,
    });
  } catch (error) {
    if (!(error instanceof ImproperlyConfiguredError)) throw error;
    host.stderr.write(`${name}: ${error.message}\n`);
  }
  await flushLog(destination, host);
  host.exit(exitCode);
}

/** Writes what is left of the log. No signal ends the process meanwhile: it would take the last lines and the exit code. */
async function flushLog(destination: LogDestination, host: SignalSource): Promise<void> {
  if (destination.flush === undefined) return;
  const ignore = (): void => undefined;
  for (const signal of endingSignals) host.on(signal, ignore);
  await destination.flush(logFlushTimeoutMs);
  for (const signal of endingSignals) host.off(signal, ignore);
}
