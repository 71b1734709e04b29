import { setTimeout as delay } from 'node:timers/promises';

/** Longest wait for the broker's answer to a close or a cancel, in ms; a silent broker must not hold up a shutdown. */
const closeTimeoutMs = 2000;

/** Waits until something settles, fulfilled or rejected, and no longer than a close may take; tells whether it did. */
export async function settlesInTime(settling: Promise<unknown>): Promise<boolean> {
  const settled = settling.then(
    () => true,
    () => true,
  );
  const giveUp = new AbortController();
  const timeout = delay(closeTimeoutMs, false, { signal: giveUp.signal }).catch(() => false);
  try {
    return await Promise.race([settled, timeout]);
  } finally {
    giveUp.abort();
  }
}
