import { coerceError, ImproperlyConfiguredError, type Logger } from '@celeriac/primitives';
import { handleFatalErrors, type FatalErrorSource, type FatalOrigin } from './handle-fatal-errors.ts';
import { handleSignals, type ShutdownSignal, type SignalSource } from './handle-signals.ts';
import { HealthServer } from './health-server.ts';

/**
 * Warm: running tasks end first. Soft: the same, and a cold stop follows after a while. Cold: they are given up and go back
 * to their queues.
 */
export type ShutdownMode = 'warm' | 'soft' | 'cold';

/** What is run: a worker, or a server. */
export interface RunnableApp {
  /** Resolves when it does its job; rejects when it never will. */
  start(): Promise<void>;
  /** Whether it does its job at this moment. */
  readonly isReady: boolean;
  /** Resolves when it has stopped. Comes at any time, while `start` is pending too, and a colder stop overtakes a warmer one. */
  stop(options: { readonly mode: ShutdownMode }): Promise<void>;
  /**
   * Takes an error that nothing caught: it goes on, or is to be stopped warm (`finish`). Undefined: the process ends, as it
   * does for an app without this.
   */
  onEscapedError?(caught: unknown, origin: FatalOrigin): 'go-on' | 'finish' | undefined;
  /** Resolves when it has stopped, for whatever reason; rejects when it failed for good. */
  readonly done: Promise<void>;
}

/**
 * The stage before a cold shutdown.
 *
 * Source: Celery 5.7.0, celery/worker/worker.py `wait_for_soft_shutdown`.
 */
export interface SoftShutdownOptions {
  /** `worker_soft_shutdown_timeout`, in ms; 0 is no such stage. */
  readonly timeoutMs: number;
  /** `worker_enable_soft_shutdown_on_idle`: the process waits that time out, also when nothing runs. */
  readonly onIdle: boolean;
}

export interface SupervisionOptions {
  readonly app: RunnableApp;
  readonly logger: Logger;
  /** After this time, in ms, a warm shutdown becomes a cold one. Undefined: it takes the time it takes. */
  readonly shutdownTimeoutMs: number | undefined;
  readonly softShutdown: SoftShutdownOptions;
  /** Celery's `REMAP_SIGTERM`: TERM does what this signal does. Undefined: what TERM does. */
  readonly remapSigterm: 'SIGQUIT' | undefined;
  /** Where to serve health; undefined: nowhere. */
  readonly health:
    { readonly host: string; readonly port: number; readonly startupTimeoutMs: number } | undefined;
  /** What delivers signals and escaped errors. */
  readonly source: SignalSource & FatalErrorSource;
}

/**
 * Starts an app and sees it through to its end: signals, escaped errors, health.
 *
 * @returns the exit code of the process: 0 after a shutdown in which all that ran has ended, warm or soft, or when the app
 * ended by itself; 1 after a cold or failed one, and after an error in its own code. Celery's `EX_OK` and `EX_FAILURE`;
 * Celery gives 1 after a warm shutdown by INT and after each soft one as well.
 * @throws ImproperlyConfiguredError when a setting turns out wrong at start, such as a port in use
 */
export async function superviseApp(options: SupervisionOptions): Promise<number> {
  const { app, logger, shutdownTimeoutMs, softShutdown, remapSigterm, source } = options;
  let mode: ShutdownMode | undefined;
  let isInDoubt = false;
  let coldTimer: NodeJS.Timeout | undefined;
  let stopped: Promise<void> = Promise.resolve();
  let isDone = false;
  let endGrace: () => void = () => undefined;
  let grace: Promise<void> = Promise.resolve();
  let health: HealthServer | undefined;
  let giveUp: (exitCode: number) => void = () => undefined;
  const givenUp = new Promise<number>((resolve) => (giveUp = resolve));

  function stop(next: ShutdownMode): void {
    mode = next;
    clearTimeout(coldTimer);
    if (next === 'cold') endGrace();
    stopped = app.stop({ mode: next }).catch((caught: unknown) => {
      logger.error({ err: coerceError(caught), mode: next }, 'shutdown failed');
      giveUp(1);
    });
  }

  function goColdAfter(timeoutMs: number, message: string): void {
    coldTimer = setTimeout(() => {
      if (isDone) {
        endGrace();
        return;
      }
      logger.warn({ timeoutMs }, message);
      stop('cold');
    }, timeoutMs);
  }

  function stopWarm(): void {
    stop('warm');
    if (shutdownTimeoutMs !== undefined)
      goColdAfter(shutdownTimeoutMs, 'warm shutdown took too long, cold shutdown');
  }

  function cutShort(signal: ShutdownSignal): void {
    logger.error({ signal }, 'shutdown cut short');
    giveUp(1);
  }

  const ignoreSignals = handleSignals(
    {
      onWarm: (signal) => {
        logger.info({ signal }, 'warm shutdown');
        stopWarm();
      },
      onSoft: (signal) => {
        const { timeoutMs, onIdle } = softShutdown;
        if (mode === 'cold' || timeoutMs === 0) return false;
        logger.warn({ signal, timeoutMs }, 'soft shutdown');
        if (onIdle) grace = new Promise((resolve) => (endGrace = resolve));
        stop('soft');
        goColdAfter(timeoutMs, 'time of the soft shutdown is over, cold shutdown');
        return true;
      },
      onCold: (signal) => {
        if (mode === 'cold') {
          cutShort(signal); // the time ran out before: this signal asks for more
          return;
        }
        logger.warn({ signal }, 'cold shutdown');
        stop('cold');
      },
      onHard: cutShort,
    },
    { source, remapSigterm },
  );
  const ignoreFatalErrors = handleFatalErrors(
    (caught, origin) => {
      logger.error({ err: coerceError(caught), origin }, 'an error escaped, the process ends');
      giveUp(1);
    },
    source,
    (caught, origin) => {
      const verdict = app.onEscapedError?.(caught, origin);
      if (verdict === 'finish' && mode === undefined) {
        isInDoubt = true;
        stopWarm();
      }
      return verdict !== undefined;
    },
  );

  /** Read again after each wait: signals change it meanwhile. */
  function isCold(): boolean {
    return mode === 'cold';
  }

  async function run(): Promise<number> {
    health = await serveHealth(options, () => mode === undefined && app.isReady);
    app.done.catch(() => undefined); // heard below; when start fails first, that is the news
    try {
      await app.start();
    } catch (caught) {
      if (mode === undefined) throw caught;
      logger.debug({ err: coerceError(caught) }, 'stopped while starting');
    }
    await app.done;
    await stopped; // it may have failed after the app was done
    const exitCode = isInDoubt || isCold() ? 1 : 0;
    isDone = true;
    await grace;
    return exitCode;
  }

  try {
    return await Promise.race([run(), givenUp]);
  } catch (caught) {
    if (caught instanceof ImproperlyConfiguredError) throw caught;
    logger.error({ err: coerceError(caught) }, 'failed');
    return 1;
  } finally {
    clearTimeout(coldTimer);
    ignoreSignals();
    ignoreFatalErrors();
    await health?.close();
  }
}

async function serveHealth(
  { health, logger }: SupervisionOptions,
  isReady: () => boolean,
): Promise<HealthServer | undefined> {
  if (health === undefined) return undefined;
  const { host, port, startupTimeoutMs } = health;
  try {
    // what can answer is live: a blocked event loop or an ended process gives no answer at all
    const server = await HealthServer.start({ host, port, isLive: () => true, isReady, startupTimeoutMs });
    logger.info({ address: server.address.address, port: server.address.port }, 'health server listens');
    return server;
  } catch (caught) {
    const { message } = coerceError(caught);
    throw new ImproperlyConfiguredError(
      `CELERIAC_HEALTH_PORT ${port} on CELERIAC_HEALTH_HOST ${host} cannot be used (${message}); choose another, or unset it`,
      { cause: caught },
    );
  }
}
