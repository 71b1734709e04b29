import { EncodeError, InvalidTaskError } from './protocol-error.ts';
import { pythonRepr } from './python-repr.ts';

/** How long a task may run, in ms. */
export interface TimeLimits {
  /** The task is stopped. */
  readonly hardMs?: number;
  /** The task is told. */
  readonly softMs?: number;
}

export const noTimeLimits: TimeLimits = Object.freeze({});

function decodeLimit(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const seconds = typeof value === 'bigint' ? Number(value) : value;
  if (typeof seconds === 'number' && seconds >= 0 && Number.isFinite(seconds)) return seconds * 1000;
  throw new InvalidTaskError(
    'header-invalid',
    `a time limit must be a number of seconds or null, got ${pythonRepr(value).slice(0, 64)}`,
  );
}

/**
 * Time limits of a task, header `timelimit`: `[hard, soft]`, seconds or null; missing and null mean none.
 *
 * [TASK-V2-TIMELIMIT] Source: Celery 5.7, celery/app/amqp.py `as_task_v2` writes it, celery/worker/request.py
 * `time_limits` reads it. Celery's protocol page says (soft, hard); the code decides. Vectors `task-messages: time_limits`.
 *
 * @throws InvalidTaskError when it is not a pair, or a limit is not a non-negative number or null
 */
export function decodeTimeLimits(header: unknown): TimeLimits {
  if (header === undefined || header === null) return noTimeLimits;
  if (!Array.isArray(header) || header.length !== 2) {
    throw new InvalidTaskError(
      'header-invalid',
      `timelimit must be a pair [hard, soft], got ${pythonRepr(header).slice(0, 64)}`,
    );
  }
  const [hard, soft] = header as readonly unknown[];
  // nearly every task
  if (hard === null && soft === null) return noTimeLimits;
  const hardMs = decodeLimit(hard);
  const softMs = decodeLimit(soft);
  return { ...(hardMs !== undefined && { hardMs }), ...(softMs !== undefined && { softMs }) };
}

function encodeLimit(ms: number | undefined, name: string): number | null {
  if (ms === undefined) return null;
  if (ms >= 0 && Number.isFinite(ms)) return ms / 1000;
  throw new EncodeError(`timeLimits.${name} must be a non-negative number of ms, got ${ms}`);
}

/**
 * The header `timelimit`, the reverse of {@link decodeTimeLimits}.
 *
 * @throws EncodeError when a limit is negative or not finite
 */
export function encodeTimeLimits(limits: TimeLimits | undefined): readonly [number | null, number | null] {
  return [encodeLimit(limits?.hardMs, 'hardMs'), encodeLimit(limits?.softMs, 'softMs')];
}
