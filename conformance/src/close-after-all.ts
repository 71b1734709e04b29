import { stopRunning } from './managed-process.ts';

/** Registers what has to be closed at the end. */
export type CloseAtEnd = (close: () => Promise<unknown>) => void;

/**
 * To be called in a `describe`: closes what its tests opened when they are done, the last opened first, and stops every
 * process that is still running; also after a hook or a test that failed.
 */
export function closeAfterAll(): CloseAtEnd {
  const closers: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    const failures: unknown[] = [];
    for (const close of closers.reverse()) await close().catch((error: unknown) => failures.push(error));
    await stopRunning();
    if (failures.length > 0) throw new AggregateError(failures, 'could not close everything');
  });
  return (close) => closers.push(close);
}
