import { setTimeout as delay } from 'node:timers/promises';

/** What is waited for, and how long. */
export interface WaitOptions {
  /** For the error message: `addition is ready`. */
  readonly what: string;
  /** Default 30 000. */
  readonly timeoutMs?: number;
}

const POLL_MS = 50;

/** Asks again and again until the condition holds. @throws Error naming what did not come true in time */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  { what, timeoutMs = 30_000 }: WaitOptions,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await delay(POLL_MS);
  }
}
