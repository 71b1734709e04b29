/** How an error escaped: thrown where nothing catches, or a promise rejected that nothing awaits. */
export type FatalOrigin = 'uncaughtException' | 'unhandledRejection';

/** The part of `process` that tells of escaped errors. */
export interface FatalErrorSource {
  on(event: FatalOrigin, listener: (caught: unknown) => void): unknown;
  off(event: FatalOrigin, listener: (caught: unknown) => void): unknown;
}

/**
 * Calls `onFatal` with the first error that nothing caught and that the app does not take; later ones, often its
 * consequences, are dropped.
 *
 * After such an error the program's state is unknown: log it and end the process. Messages that were not acknowledged
 * go back to their queues.
 *
 * @param isTaken whether the app takes it, as a worker takes what a task has left behind. Default: it takes none
 * @returns a function that takes the listeners away again
 */
export function handleFatalErrors(
  onFatal: (caught: unknown, origin: FatalOrigin) => void,
  source: FatalErrorSource = process,
  isTaken: (caught: unknown, origin: FatalOrigin) => boolean = () => false,
): () => void {
  let isReported = false;
  const origins: readonly FatalOrigin[] = ['uncaughtException', 'unhandledRejection'];
  const listeners = origins.map((origin) => {
    const listener = (caught: unknown): void => {
      if (isReported || isTaken(caught, origin)) return;
      isReported = true;
      onFatal(caught, origin);
    };
    source.on(origin, listener);
    return { origin, listener };
  });
  return () => {
    for (const { origin, listener } of listeners) source.off(origin, listener);
  };
}
