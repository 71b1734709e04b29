import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { resolveAcceptContent } from '@celeriac/protocol';

/** How a worker treats its tasks; Celery's settings by Celery's names. */
export interface WorkerSettings {
  /** `worker_concurrency`: tasks that run at a time, on one event loop. Default 64, as tasks here wait rather than compute. */
  readonly workerConcurrency: number;
  /** `worker_prefetch_multiplier`: unsettled messages per task that may run; 0 is no limit. Default 4. */
  readonly workerPrefetchMultiplier: number;
  /** `task_acks_late`: acknowledge after the result is stored instead of before the run. Default true; Celery's is false. */
  readonly taskAcksLate: boolean;
  /** `task_acks_on_failure_or_timeout`: a failed task is acknowledged, not rejected. Default true. */
  readonly taskAcksOnFailureOrTimeout: boolean;
  /** `task_ignore_result`: no results are stored. Default false. */
  readonly taskIgnoreResult: boolean;
  /** `task_store_errors_even_if_ignored`: failures are stored even if results are ignored. Default false. */
  readonly taskStoreErrorsEvenIfIgnored: boolean;
  /** `task_track_started`: store STARTED when a task starts. Default false. */
  readonly taskTrackStarted: boolean;
  /** `accept_content`: names or MIME types of the bodies that are read. Default `['json']`. */
  readonly acceptContent: readonly string[];
}

export const defaultWorkerSettings: WorkerSettings = {
  workerConcurrency: 64,
  workerPrefetchMultiplier: 4,
  taskAcksLate: true,
  taskAcksOnFailureOrTimeout: true,
  taskIgnoreResult: false,
  taskStoreErrorsEvenIfIgnored: false,
  taskTrackStarted: false,
  acceptContent: ['json'],
};

/**
 * Given settings with the defaults for the rest.
 *
 * @throws ImproperlyConfiguredError when a number is out of range or a serializer is not supported
 */
export function resolveWorkerSettings(given: Partial<WorkerSettings> = {}): WorkerSettings {
  const settings = { ...defaultWorkerSettings, ...given };
  checkInteger('worker_concurrency', settings.workerConcurrency, 1);
  checkInteger('worker_prefetch_multiplier', settings.workerPrefetchMultiplier, 0);
  resolveAcceptContent(settings.acceptContent);
  return settings;
}

/**
 * The prefetch count of a worker.
 *
 * [WORKER-PREFETCH] Source: Celery 5.7.0, celery/worker/consumer/consumer.py `initial_prefetch_count`; kombu 5.6.2,
 * kombu/common.py `QoS.set`: concurrency × multiplier; 0 is no limit, and so is what does not fit 16 bits.
 */
export function prefetchCount(settings: WorkerSettings): number {
  const count = settings.workerConcurrency * settings.workerPrefetchMultiplier;
  return count > 65_535 ? 0 : count;
}

function checkInteger(setting: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new ImproperlyConfiguredError(`${setting} must be an integer of at least ${least}, got ${value}`);
}
