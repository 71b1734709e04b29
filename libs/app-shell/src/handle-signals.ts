/**
 * The stages of a shutdown, and the signals that lead from one to the next:
 *
 * | stage | INT | TERM | QUIT |
 * | --- | --- | --- | --- |
 * | running | warm | warm | soft |
 * | warm: running tasks end, then the process does | soft | (ignored) | soft |
 * | soft: running tasks have `worker_soft_shutdown_timeout` to end, then it is cold | cold | (ignored) | cold |
 * | cold: running tasks are given up | hard | (ignored) | hard |
 * | hard: the process ends at once | (ignored) | (ignored) | (ignored) |
 *
 * Where there is nothing to wait for (no such timeout is set, or nothing runs) the soft stage is passed over, and it is
 * cold at once. With the environment variable `REMAP_SIGTERM=SIGQUIT`, TERM does what QUIT does.
 *
 * Source: Celery 5.7.0, celery/apps/worker.py `install_worker_term_handler`, `on_SIGINT`, `on_cold_shutdown`,
 * `during_soft_shutdown`, celery/worker/worker.py `wait_for_soft_shutdown`. There a first INT after a TERM changes
 * nothing; here each INT moves one stage on.
 */
export type ShutdownStage = 'running' | 'warm' | 'soft' | 'cold' | 'hard';

export type ShutdownSignal = 'SIGINT' | 'SIGTERM' | 'SIGQUIT';

export interface SignalHandlers {
  /** Stop taking tasks, finish those that run, then stop. */
  onWarm(signal: ShutdownSignal): void;
  /**
   * Give those that run a last while, then stop as in a cold stop. Default: there is no such stage.
   *
   * @returns false when there is nothing to wait for; the stop is cold then, and `onCold` is called
   */
  onSoft?(signal: ShutdownSignal): boolean;
  /** Stop now and give back what is unfinished. */
  onCold(signal: ShutdownSignal): void;
  /** A cold stop is under way and whoever stops it will not wait: end the process. */
  onHard(signal: ShutdownSignal): void;
}

/** The part of `process` that delivers signals. */
export interface SignalSource {
  on(signal: ShutdownSignal, listener: () => void): unknown;
  off(signal: ShutdownSignal, listener: () => void): unknown;
}

const transitions: Readonly<Record<ShutdownSignal, Readonly<Partial<Record<ShutdownStage, ShutdownStage>>>>> =
  {
    SIGINT: { running: 'warm', warm: 'soft', soft: 'cold', cold: 'hard' },
    SIGTERM: { running: 'warm' },
    SIGQUIT: { running: 'soft', warm: 'soft', soft: 'cold', cold: 'hard' },
  };

export interface HandleSignalsOptions {
  /** What delivers the signals. Default: the process. */
  readonly source?: SignalSource;
  /** Celery's `REMAP_SIGTERM`: TERM does what this one does. Default: what TERM does. */
  readonly remapSigterm?: 'SIGQUIT' | undefined;
}

/**
 * Turns INT, TERM and QUIT into the stages of a shutdown; each handler is called at most once.
 *
 * Meant for the one place in a process that decides its end; a library never calls it.
 *
 * @returns a function that takes the listeners away again, after which the signals end the process as by default
 */
export function handleSignals(handlers: SignalHandlers, options: HandleSignalsOptions = {}): () => void {
  const { source = process, remapSigterm = 'SIGTERM' } = options;
  let stage: ShutdownStage = 'running';
  const listeners = (Object.keys(transitions) as ShutdownSignal[]).map((signal) => {
    const leads = transitions[signal === 'SIGTERM' ? remapSigterm : signal];
    const listener = (): void => {
      const next = leads[stage];
      if (next === undefined) return;
      stage = next === 'soft' && handlers.onSoft?.(signal) !== true ? 'cold' : next;
      if (stage === 'warm') handlers.onWarm(signal);
      else if (stage === 'cold') handlers.onCold(signal);
      else if (stage === 'hard') handlers.onHard(signal);
    };
    source.on(signal, listener);
    return { signal, listener };
  });
  return () => {
    for (const { signal, listener } of listeners) source.off(signal, listener);
  };
}
