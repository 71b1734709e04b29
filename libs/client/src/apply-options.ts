import { ImproperlyConfiguredError } from '@celeriac/primitives';
import {
  resolveTaskQueue,
  type CompressionName,
  type SerializerName,
  type TaskQueue,
} from '@celeriac/protocol';
import { types } from 'node:util';

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
  /**
   * At most 255 bytes. Default a random UUID. Calls that are sent again under one id, because the fate of the first is
   * not known, share one result.
   */
  readonly taskId?: string;
  /**
   * Queue to send to: its name, at most 255 bytes, or what is known about it, such as a worker's `directQueue`. Default the
   * one that `task_routes` gives, else the queue of the holder that declares the task, else `task_default_queue`.
   */
  readonly queue?: string | TaskQueue;
  /**
   * Exchange to publish to, instead of the queue's. Together with `routingKey` it wins over any queue, and nothing is
   * declared; alone it counts where the queue's exchange is not direct.
   */
  readonly exchange?: string;
  /** Routing key, instead of the queue's; at most 255 bytes. Alone it counts where the queue's exchange is not direct. */
  readonly routingKey?: string;
  /** Custom headers, for the task to read. */
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Hard time limit, in seconds. */
  readonly timeLimit?: number;
  /** Soft time limit, in seconds. */
  readonly softTimeLimit?: number;
  /** No result is stored; it cannot be waited for. */
  readonly ignoreResult?: boolean;
  /** How arguments are written. Default `task_serializer`. */
  readonly serializer?: SerializerName;
  /** How the body is compressed. Default `task_compression`. */
  readonly compression?: CompressionName;
  /** Name for logs and events instead of the task's. */
  readonly shadow?: string;
}

/** Times of a call, as instants and ms. */
export interface ResolvedTimes {
  readonly eta: Date | undefined;
  readonly expires: Date | undefined;
  readonly timeLimits: { readonly hardMs?: number; readonly softMs?: number };
}

/** The years that Python has dates for, 1 to 9999, in ms. */
const earliestMs = Date.parse('0001-01-01T00:00:00Z');
const latestMs = Date.parse('9999-12-31T23:59:59.999Z');

/** AMQP carries names of queues and correlation ids as short strings. */
const maxShortStringBytes = 255;

/**
 * Checks the options of a call that do not depend on the time.
 *
 * @throws ImproperlyConfiguredError naming the option and its value
 */
export function checkApplyOptions(options: ApplyOptions): void {
  const { priority, taskId, queue, exchange, routingKey } = options;
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 255))
    throw wrong('priority', priority, 'an integer from 0 to 255');
  if (taskId !== undefined) checkShortString('taskId', taskId);
  if (typeof queue === 'string') checkShortString('queue', queue);
  else if (queue !== undefined) resolveTaskQueue(queue);
  for (const [option, value] of [
    ['exchange', exchange],
    ['routingKey', routingKey],
  ] as const)
    if (value !== undefined && value !== '') checkShortString(option, value);
}

/**
 * Checks the times of a call and makes instants of them.
 *
 * [PRODUCER-COUNTDOWN] Source: Celery 5.7.0, celery/app/amqp.py `as_task_v2`: a countdown becomes an eta; one of 0 gives
 * none; a number as `expires` is seconds from now.
 *
 * @throws ImproperlyConfiguredError naming the option and its value
 */
export function resolveTimes(options: ApplyOptions, now: number): ResolvedTimes {
  const { countdown, eta, expires, timeLimit, softTimeLimit } = options;
  if (countdown !== undefined && eta !== undefined)
    throw wrong('countdown', countdown, 'not given together with eta');
  return {
    eta: eta === undefined ? countdownEnd(countdown, now) : checkDate('eta', eta),
    expires: typeof expires === 'number' ? secondsFrom('expires', now, expires) : expiryDate(expires),
    timeLimits: {
      ...(timeLimit === undefined ? {} : { hardMs: limitMs('timeLimit', timeLimit) }),
      ...(softTimeLimit === undefined ? {} : { softMs: limitMs('softTimeLimit', softTimeLimit) }),
    },
  };
}

function countdownEnd(countdown: number | undefined, now: number): Date | undefined {
  if (countdown === undefined) return undefined;
  checkSeconds('countdown', countdown);
  return countdown === 0 ? undefined : secondsFrom('countdown', now, countdown);
}

function expiryDate(expires: Date | undefined): Date | undefined {
  return expires === undefined ? undefined : checkDate('expires', expires);
}

function limitMs(option: string, seconds: number): number {
  checkSeconds(option, seconds);
  return seconds * 1000;
}

function checkSeconds(option: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) throw wrong(option, value, 'a number of seconds, 0 or more');
}

function secondsFrom(option: string, now: number, seconds: number): Date {
  const instant = new Date(now + seconds * 1000);
  if (isPythonDate(instant)) return instant;
  throw wrong(option, seconds, 'a number of seconds that ends in the years 1 to 9999');
}

function checkDate(option: string, value: Date): Date {
  // a caller in JavaScript may give a text, which the wire would carry as it is
  if (types.isDate(value) && isPythonDate(value)) return value;
  throw wrong(option, value, 'a valid Date in the years 1 to 9999');
}

function isPythonDate(date: Date): boolean {
  const ms = date.getTime();
  return ms >= earliestMs && ms <= latestMs; // not so for the NaN of an invalid date
}

function checkShortString(option: string, value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes === 0) throw wrong(option, JSON.stringify(value), 'a name of 1 to 255 bytes');
  if (bytes > maxShortStringBytes)
    throw wrong(option, `${bytes} bytes: ${value.slice(0, 40)}…`, 'a name of 1 to 255 bytes');
}

function wrong(option: string, value: unknown, expected: string): ImproperlyConfiguredError {
  return new ImproperlyConfiguredError(`ApplyOptions.${option} must be ${expected}, got ${String(value)}`);
}
