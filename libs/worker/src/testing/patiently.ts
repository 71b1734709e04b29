import { waitUntil } from '@celeriac/local-stack';

/**
 * Waits for a condition of a fault spec, for as long as a busy machine may take to reconnect; does not keep a core busy
 * with asking.
 *
 * @throws LocalStackError after 30 s, or as long as is said
 */
export async function patiently(
  what: string,
  condition: () => boolean,
  { timeoutMs = 30_000 }: { readonly timeoutMs?: number } = {},
): Promise<void> {
  await waitUntil(() => Promise.resolve(condition()), { what, timeoutMs, intervalMs: 2 });
}

/**
 * Waits for a promise as long, and gives what it gives.
 *
 * @throws LocalStackError after 30 s; what the promise rejects with
 */
export async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
  };
  promise.then(settle, settle);
  await patiently(what, () => isSettled);
  return promise;
}
