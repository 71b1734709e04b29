import { setImmediate as nextTurn } from 'node:timers/promises';

export interface UntilOptions {
  /** Longest wait, in ms. Default 3000. */
  readonly timeoutMs?: number;
  /** What is awaited, for the error's message. Default: the condition's source. */
  readonly what?: string;
}

/**
 * Waits for a condition, asking once a turn of the event loop.
 *
 * @throws Error when it does not come true in time
 */
export async function until(condition: () => boolean, options: UntilOptions = {}): Promise<void> {
  const { timeoutMs = 3000, what = condition.toString() } = options;
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    await nextTurn();
  }
}
