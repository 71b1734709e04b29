/** Signals that ask a program in a terminal to end. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * One Ctrl-C can arrive more than once: the terminal sends it to the whole process group, and npm passes on what it gets.
 * Only what comes later than this, in ms, is a person who insists.
 */
const ECHO_MS = 1_000;

export interface StopRequest {
  /** Aborted by the first signal. */
  readonly stop: AbortSignal;
  /** Aborted when a signal comes again: end at once. */
  readonly insist: AbortSignal;
  /** Gives the signals back to the system. */
  readonly release: () => void;
}

/** From now on signals do not end this process but are told here. */
export function listenForStop(now: () => number = Date.now): StopRequest {
  const stop = new AbortController();
  const insist = new AbortController();
  let askedAt: number | undefined;
  const onSignal = (): void => {
    if (askedAt === undefined) {
      askedAt = now();
      stop.abort();
    } else if (now() - askedAt > ECHO_MS) {
      insist.abort();
    }
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    stop: stop.signal,
    insist: insist.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
