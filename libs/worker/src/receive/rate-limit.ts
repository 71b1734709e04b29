import { ImproperlyConfiguredError } from '@celeriac/primitives';

/** Starts per second; divided as Celery does, to the last bit. */
const perSecond: ReadonlyMap<string, (count: number) => number> = new Map([
  ['', (count) => count],
  ['s', (count) => count],
  ['m', (count) => count / 60],
  ['h', (count) => count / 60 / 60],
]);

/** A number as `float()` of Python reads it, without its signs, words and underscores: none of them makes a rate. */
const amount = /^\d+(?:\.\d*)?(?:e[+-]?\d+)?$|^\.\d+(?:e[+-]?\d+)?$/i;

/**
 * Starts per second that a task's rate limit allows: a number of them, or text as `10`, `10/s`, `100/m`, `5/h`.
 *
 * [WORKER-RATE-LIMIT] Source: Celery 5.7.0, celery/utils/time.py `rate`; vectors `pure-functions: rate_limit_parse`.
 *
 * @returns undefined for no limit: nothing, null, the empty text, or 0
 * @throws ImproperlyConfiguredError naming the task and the value
 */
export function parseRateLimit(value: number | string | null | undefined, task: string): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const rate = typeof value === 'number' ? value : rateOf(value);
  if (rate === 0) return undefined;
  if (rate !== undefined && rate > 0 && Number.isFinite(rate)) return rate;
  const got = typeof value === 'number' ? String(value) : JSON.stringify(value);
  throw new ImproperlyConfiguredError(
    `Task '${task}': rateLimit must be a number of starts per second of at least 0, or a text such as 10/s, 100/m or 5/h, got ${got}`,
  );
}

function rateOf(text: string): number | undefined {
  const slash = text.indexOf('/');
  const count = (slash === -1 ? text : text.slice(0, slash)).trim();
  const rate = perSecond.get(slash === -1 ? '' : text.slice(slash + 1));
  return amount.test(count) ? rate?.(Number(count)) : undefined;
}
