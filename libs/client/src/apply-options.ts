import { ImproperlyConfiguredError } from '@celeriac/primitives';

/** How one call is sent, by Celery's names in camelCase. */
export interface ApplyOptions {
  /** Run no sooner than this many seconds from now. Not together with `eta`. */
  readonly countdown?: number;
  /** Run no sooner than this. */
  readonly eta?: Date;
  /** Do not run later than this: an instant, or seconds from now. */
  readonly expires?: Date | number;
  /** 0 to 255; only a queue declared with `x-max-priority` heeds it. */
  readonly priority?: number;
  /** Default a random UUID. */
  readonly taskId?: string;
  /** Queue to send to. Default the queue of the holder that declares the task, else `task_default_queue`. */
  readonly queue?: string;
  /** Custom headers, for the task to read. */
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Hard time limit, in seconds. */
  readonly timeLimit?: number;
  /** Soft time limit, in seconds. */
  readonly softTimeLimit?: number;
  /** No result is stored; it cannot be waited for. */
  readonly ignoreResult?: boolean;
  /** Name for logs and events instead of the task's. */
  readonly shadow?: string;
}

/** Times of a call, as instants and ms. */
export interface ResolvedTimes {
  readonly eta: Date | undefined;
  readonly expires: Date | undefined;
  readonly timeLimits: { readonly hardMs?: number; readonly softMs?: number };
}

/**
 * Checks the options of a call and makes instants of its times.
 *
 * [PRODUCER-COUNTDOWN] Source: Celery 5.7.0, celery/app/amqp.py `as_task_v2`: a countdown becomes an eta; one of 0 gives
 * none; a number as `expires` is seconds from now.
 *
 * @throws ImproperlyConfiguredError naming the option and its value
 */
export function resolveTimes(options: ApplyOptions, now: number): ResolvedTimes {
  const { countdown, eta, expires, priority, timeLimit, softTimeLimit } = options;
  if (countdown !== undefined && eta !== undefined)
    throw wrong('countdown', countdown, 'not given together with eta');
  if (countdown !== undefined) checkSeconds('countdown', countdown);
  if (timeLimit !== undefined) checkSeconds('timeLimit', timeLimit);
  if (softTimeLimit !== undefined) checkSeconds('softTimeLimit', softTimeLimit);
  if (typeof expires === 'number' && !Number.isFinite(expires))
    throw wrong('expires', expires, 'a Date or finite seconds');
  if (eta !== undefined) checkDate('eta', eta);
  if (expires instanceof Date) checkDate('expires', expires);
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 255)) {
    throw wrong('priority', priority, 'an integer from 0 to 255');
  }
  return {
    eta: eta ?? (countdown === undefined || countdown === 0 ? undefined : new Date(now + countdown * 1000)),
    expires: typeof expires === 'number' ? new Date(now + expires * 1000) : expires,
    timeLimits: {
      ...(timeLimit === undefined ? {} : { hardMs: timeLimit * 1000 }),
      ...(softTimeLimit === undefined ? {} : { softMs: softTimeLimit * 1000 }),
    },
  };
}

function checkSeconds(option: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) throw wrong(option, value, 'a number of seconds, 0 or more');
}

function checkDate(option: string, value: Date): void {
  if (Number.isNaN(value.getTime())) throw wrong(option, 'Invalid Date', 'a valid Date');
}

function wrong(option: string, value: unknown, expected: string): ImproperlyConfiguredError {
  return new ImproperlyConfiguredError(`ApplyOptions.${option} must be ${expected}, got ${String(value)}`);
}
