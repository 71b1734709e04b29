import { setTimeout as delay } from 'node:timers/promises';

import { LocalStackError } from './local-stack-error.ts';

export interface WaitOptions {
  /** What is awaited, for the error: `RabbitMQ accepts connections`. */
  readonly what: string;
  /** Give up after this long, in ms. */
  readonly timeoutMs: number;
  /** Time between two tries, in ms. Default 100. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tries `condition` until it is true.
 *
 * @throws LocalStackError when the time is up; the signal's reason when it is aborted; whatever `condition` throws
 */
export async function waitUntil(condition: () => Promise<boolean>, options: WaitOptions): Promise<void> {
  const { what, timeoutMs, intervalMs = 100, signal } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    if (await condition()) return;
    if (performance.now() >= deadline) {
      throw new LocalStackError(`waited ${String(timeoutMs / 1000)} s in vain until ${what}`);
    }
    await delay(intervalMs, undefined, { signal });
  }
}
