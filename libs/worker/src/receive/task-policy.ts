import type { RegisteredTask } from '@celeriac/task-registry';
import { isOneOf } from '../run/is-one-of.ts';
import { parseRateLimit } from './rate-limit.ts';
import type { WorkerSettings } from '../worker-settings.ts';

/** How one task is treated here: its own options, and the worker's settings where it has none. */
export interface TaskPolicy {
  readonly acksLate: boolean;
  readonly acksOnFailure: boolean;
  readonly acksOnTimeout: boolean;
  readonly rejectOnWorkerLost: boolean;
  readonly ignoreResult: boolean;
  readonly storeErrorsEvenIfIgnored: boolean;
  readonly trackStarted: boolean;
  /** Starts per second; undefined is no limit. */
  readonly rateLimit: number | undefined;
  /** Limits of a run whose message gives none, in ms; they can be changed while the worker runs. */
  hardMs: number | undefined;
  softMs: number | undefined;
  /** Whether an error that the task threw is no surprise (`throws`). */
  readonly isExpected: (error: unknown) => boolean;
}

/** @throws ImproperlyConfiguredError when its rate limit is none */
export function resolveTaskPolicy({ name, options }: RegisteredTask, settings: WorkerSettings): TaskPolicy {
  const { throws = [] } = options;
  const acksOnEither = settings.taskAcksOnFailureOrTimeout;
  const rateLimit = options.rateLimit === undefined ? settings.taskDefaultRateLimit : options.rateLimit;
  return {
    acksLate: options.acksLate ?? settings.taskAcksLate,
    acksOnFailure: options.acksOnFailure ?? settings.taskAcksOnFailure ?? acksOnEither,
    acksOnTimeout: options.acksOnTimeout ?? settings.taskAcksOnTimeout ?? acksOnEither,
    rejectOnWorkerLost: options.rejectOnWorkerLost ?? settings.taskRejectOnWorkerLost,
    ignoreResult: options.ignoreResult ?? settings.taskIgnoreResult,
    storeErrorsEvenIfIgnored: options.storeErrorsEvenIfIgnored ?? settings.taskStoreErrorsEvenIfIgnored,
    trackStarted: options.trackStarted ?? settings.taskTrackStarted,
    rateLimit: settings.workerDisableRateLimits ? undefined : parseRateLimit(rateLimit, name),
    hardMs: options.timeLimit === undefined ? settings.taskTimeLimitMs : options.timeLimit * 1000,
    softMs: options.softTimeLimit === undefined ? settings.taskSoftTimeLimitMs : options.softTimeLimit * 1000,
    isExpected: (error) => isOneOf(error, throws),
  };
}
