/**
 * The stages of a shutdown, and the signals that lead from one to the next:
 *
 * | stage | INT | TERM | QUIT |
 * | --- | --- | --- | --- |
 * | running | warm | warm | cold |
 * | warm: running tasks end, then the process does | cold | (ignored) | cold |
 * | cold: running tasks are given up | hard | (ignored) | hard |
 * | hard: the process ends at once | (ignored) | (ignored) | (ignored) |
 *
 * Source: Celery 5.7.0, celery/apps/worker.py `install_worker_term_handler`, `on_SIGINT`, `on_cold_shutdown`. There a
 * first INT after a TERM changes nothing; here each INT moves one stage on.
 */
export type ShutdownStage = 'running' | 'warm' | 'cold' | 'hard';

export type ShutdownSignal = 'SIGINT' | 'SIGTERM' | 'SIGQUIT';

export interface SignalHandlers {
  /** Stop taking tasks, finish those that run, then stop. */
  onWarm(signal: ShutdownSignal): void;
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
    SIGINT: { running: 'warm', warm: 'cold', cold: 'hard' },
    SIGTERM: { running: 'warm' },
    SIGQUIT: { running: 'cold', warm: 'cold', cold: 'hard' },
  };

/**
 * Turns INT, TERM and QUIT into the stages of a shutdown; each handler is called at most once.
 *
 * Meant for the one place in a process that decides its end; a library never calls it.
 *
 * @returns a function that takes the listeners away again, after which the signals end the process as by default
 */
export function handleSignals(handlers: SignalHandlers, source: SignalSource = process): () => void {
  let stage: ShutdownStage = 'running';
  const listeners = (Object.keys(transitions) as ShutdownSignal[]).map((signal) => {
    const listener = (): void => {
      const next = transitions[signal][stage];
      if (next === undefined) return;
      stage = next;
      if (next === 'warm') handlers.onWarm(signal);
      else if (next === 'cold') handlers.onCold(signal);
      else handlers.onHard(signal);
    };
    source.on(signal, listener);
    return { signal, listener };
  });
  return () => {
    for (const { signal, listener } of listeners) source.off(signal, listener);
  };
}
