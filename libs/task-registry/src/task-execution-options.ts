import { ImproperlyConfiguredError } from '@celeriac/primitives';

/** Errors that a list of a task's options names: a class stands for its instances. */
export type ErrorClass = abstract new (...args: never[]) => unknown;

/**
 * How a worker runs one task, by the names of Celery's task options in camelCase; what is absent is as the worker's
 * settings say. Times are in seconds, as in Celery.
 */
export interface TaskExecutionOptions {
  /** Acknowledge after the result is stored instead of before the run. Default `task_acks_late`. */
  readonly acksLate?: boolean;
  /** With `acksLate`: acknowledge a task that failed; when false it is rejected. Default `task_acks_on_failure`. */
  readonly acksOnFailure?: boolean;
  /** With `acksLate`: acknowledge a task that was ended at its hard limit; when false it goes back. Default `task_acks_on_timeout`. */
  readonly acksOnTimeout?: boolean;
  /** With `acksLate`: a task whose process died goes back to the queue; when false it fails. Default `task_reject_on_worker_lost`. */
  readonly rejectOnWorkerLost?: boolean;
  /** Default `task_ignore_result`. */
  readonly ignoreResult?: boolean;
  /** Default `task_store_errors_even_if_ignored`. */
  readonly storeErrorsEvenIfIgnored?: boolean;
  /** Default `task_track_started`. */
  readonly trackStarted?: boolean;

  /** How often it may be tried again; null is for ever. Default 3. */
  readonly maxRetries?: number | null;
  /** Wait before a retry that says nothing else, in seconds. Default 180. */
  readonly defaultRetryDelay?: number;
  /** Errors that lead to a retry by themselves. Default none. */
  readonly autoretryFor?: readonly ErrorClass[];
  /** Errors that do not, though `autoretryFor` names them. Default none. */
  readonly dontAutoretryFor?: readonly ErrorClass[];
  /** Options of the retries that come by themselves. Default none. */
  readonly retryKwargs?: { readonly countdown?: number; readonly maxRetries?: number | null };
  /** Wait `2 ** retries` seconds, or that times a factor, before a retry that comes by itself. Default false. */
  readonly retryBackoff?: boolean | number;
  /** Longest such wait, in seconds. Default 600. */
  readonly retryBackoffMax?: number;
  /** Wait a random whole number of seconds up to it. Default true. */
  readonly retryJitter?: boolean;

  /** How often it may start in one worker: per second, or as text `10/s`, `100/m`, `5/h`. Default `task_default_rate_limit`. */
  readonly rateLimit?: number | string | null;
  /** Hard limit of a run, in seconds; 0 is none. Default `task_time_limit`. */
  readonly timeLimit?: number;
  /** Soft limit of a run, in seconds; 0 is none. Default `task_soft_time_limit`. */
  readonly softTimeLimit?: number;
  /** Errors that are no surprise: they are logged as information. Default none. */
  readonly throws?: readonly ErrorClass[];
}

/** What retries need, complete. */
export interface RetryPolicy {
  readonly maxRetries: number | null;
  readonly defaultRetryDelay: number;
  readonly autoretryFor: readonly ErrorClass[];
  readonly dontAutoretryFor: readonly ErrorClass[];
  readonly retryKwargs: { readonly countdown?: number; readonly maxRetries?: number | null };
  readonly retryBackoff: boolean | number;
  readonly retryBackoffMax: number;
  readonly retryJitter: boolean;
}

/** Celery's defaults. Source: Celery 5.7.0, celery/app/task.py `Task`, celery/app/autoretry.py. */
export const defaultRetryPolicy: RetryPolicy = {
  maxRetries: 3,
  defaultRetryDelay: 180,
  autoretryFor: [],
  dontAutoretryFor: [],
  retryKwargs: {},
  retryBackoff: false,
  retryBackoffMax: 600,
  retryJitter: true,
};

/** @throws ImproperlyConfiguredError naming the task, the option and its value */
export function checkExecutionOptions(task: string, options: TaskExecutionOptions): void {
  const seconds = ['defaultRetryDelay', 'retryBackoffMax', 'timeLimit', 'softTimeLimit'] as const;
  for (const [option, value] of [
    ...seconds.map((name) => [name, options[name]] as const),
    ['retryKwargs.countdown', options.retryKwargs?.countdown] as const,
  ]) {
    if (value === undefined || (Number.isFinite(value) && value >= 0)) continue;
    throw wrong(task, option, value, 'a number of seconds, 0 or more');
  }
  for (const [option, count] of [
    ['maxRetries', options.maxRetries],
    ['retryKwargs.maxRetries', options.retryKwargs?.maxRetries],
  ] as const) {
    if (count === undefined || count === null || (Number.isInteger(count) && count >= 0)) continue;
    throw wrong(task, option, count, 'a whole number of at least 0, or null for ever');
  }
  const { retryBackoff, timeLimit = 0, softTimeLimit = 0 } = options;
  if (typeof retryBackoff === 'number' && !(Number.isFinite(retryBackoff) && retryBackoff >= 0))
    throw wrong(task, 'retryBackoff', retryBackoff, 'true, false or a factor of at least 0');
  if (timeLimit > 0 && softTimeLimit >= timeLimit)
    throw wrong(task, 'softTimeLimit', softTimeLimit, `less than timeLimit, which is ${timeLimit}`);
}

function wrong(task: string, option: string, value: unknown, expected: string): ImproperlyConfiguredError {
  return new ImproperlyConfiguredError(`Task '${task}': ${option} must be ${expected}, got ${String(value)}`);
}
