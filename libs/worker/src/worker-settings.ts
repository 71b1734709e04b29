import { ImproperlyConfiguredError, memoryLimitBytes } from '@celeriac/primitives';
import {
  defaultMaxBodyBytes,
  defaultMaxBodyValues,
  defaultMaxErrorText,
  resolveAcceptContent,
  resolveCompression,
  resolveSerializer,
  type CompressionName,
  type QueueType,
  type SerializerName,
  type TaskRoutes,
} from '@celeriac/protocol';
import { availableParallelism } from 'node:os';

/** Tasks that are held until their eta when the prefetch count sets no limit. */
const unlimitedEtaTasks = 10_000;

/** Kinds of pools that tasks run in. */
export type WorkerPoolKind = 'eventloop' | 'solo' | 'threads' | 'processes';

/** How a worker treats its tasks; Celery's settings by Celery's names. A task's own options win over them. */
export interface WorkerSettings {
  /** `worker_pool`: where tasks run. Default `eventloop`: all on the worker's own; `solo` is that with one at a time. */
  readonly workerPool: WorkerPoolKind;
  /**
   * `worker_concurrency`: tasks that run at a time. Default 64 on the event loop, as tasks there wait rather than compute;
   * the number of CPUs for threads and processes, 1 for `solo`.
   */
  readonly workerConcurrency: number | undefined;
  /** `worker_prefetch_multiplier`: unsettled messages per task that may run; 0 is no limit. Default 4. */
  readonly workerPrefetchMultiplier: number;
  /** `worker_max_tasks_per_child`: a process is replaced after so many tasks. Default never. */
  readonly workerMaxTasksPerChild: number | undefined;
  /** `worker_max_memory_per_child`: a process is replaced when it has more resident memory, in KiB. Default never. */
  readonly workerMaxMemoryPerChildKib: number | undefined;
  /**
   * `worker_eta_task_limit`: most tasks that are held here until their eta; further ones wait at the broker. Default, and
   * at most, half the prefetch count: the rest is for tasks that may run.
   */
  readonly workerEtaTaskLimit: number | undefined;
  /** `worker_disable_rate_limits`: rate limits of tasks are not heeded. Default false. */
  readonly workerDisableRateLimits: boolean;
  /** `worker_state_db`: file that keeps revoked ids over a restart. Default none. */
  readonly workerStateDb: string | undefined;
  /** `CELERY_WORKER_REVOKES_MAX`: most revoked ids that are remembered. Default 50 000. */
  readonly workerRevokesMax: number;
  /** `CELERY_WORKER_REVOKE_EXPIRES`: older ones may be forgotten when there are more, in ms. Default 10 800 000. */
  readonly workerRevokeExpiresMs: number;
  /** `worker_cancel_long_running_tasks_on_connection_loss`: stop what runs when its delivery is lost. Default false. */
  readonly workerCancelLongRunningTasksOnConnectionLoss: boolean;
  /** `worker_direct`: consume a queue of this worker's own, `<node name>.dq2`. Default false. */
  readonly workerDirect: boolean;
  /** `task_acks_late`: acknowledge after the result is stored instead of before the run. Default true; Celery's is false. */
  readonly taskAcksLate: boolean;
  /** `task_acks_on_failure_or_timeout`: what the next two are when they are not given. Default true. */
  readonly taskAcksOnFailureOrTimeout: boolean;
  /** `task_acks_on_failure`: a failed task is acknowledged, not rejected. */
  readonly taskAcksOnFailure: boolean | undefined;
  /** `task_acks_on_timeout`: a task ended at its hard limit is acknowledged; else it goes back to the queue. */
  readonly taskAcksOnTimeout: boolean | undefined;
  /** `task_reject_on_worker_lost`: a task whose process died goes back to the queue. Default true; Celery's is false. */
  readonly taskRejectOnWorkerLost: boolean;
  /** `task_ignore_result`: no results are stored. Default false. */
  readonly taskIgnoreResult: boolean;
  /** `task_store_errors_even_if_ignored`: failures are stored even if results are ignored. Default false. */
  readonly taskStoreErrorsEvenIfIgnored: boolean;
  /** `task_track_started`: store STARTED when a task starts. Default false. */
  readonly taskTrackStarted: boolean;
  /** `task_time_limit`: hard limit of a run, in ms. Default none. */
  readonly taskTimeLimitMs: number | undefined;
  /** `task_soft_time_limit`: soft limit of a run, in ms. Default none. */
  readonly taskSoftTimeLimitMs: number | undefined;
  /** `task_default_rate_limit`: starts per task, `10/s`, `100/m`, `5/h`. Default none. */
  readonly taskDefaultRateLimit: string | number | undefined;
  /** `task_inherit_parent_priority`: what follows a task has its priority. Default false. */
  readonly taskInheritParentPriority: boolean;
  /** `task_default_priority`: of calls that follow and give none. Default 0. */
  readonly taskDefaultPriority: number | undefined;
  /** `task_serializer`: of the calls that follow a task. Default `json`. */
  readonly taskSerializer: SerializerName;
  /** `task_compression`: of the calls that follow a task, and of retries. Default none. */
  readonly taskCompression: CompressionName | undefined;
  /** `task_routes`: where calls that follow a task go, unless they say so themselves. Default none. */
  readonly taskRoutes: TaskRoutes | undefined;
  /** `task_create_missing_queues`: calls may go to queues that are not known here. Default true. */
  readonly taskCreateMissingQueues: boolean;
  /** `task_create_missing_queue_type`. Default `classic`. */
  readonly taskCreateMissingQueueType: QueueType;
  /** `task_default_queue_type`: of queues that are given by name alone. Default `classic`. */
  readonly taskDefaultQueueType: QueueType;
  /** `task_queue_max_priority`: `x-max-priority` of queues that have none of their own. Default none. */
  readonly taskQueueMaxPriority: number | undefined;
  /** `result_extended`: states tell name, arguments, worker, retries and queue as well. Default false. */
  readonly resultExtended: boolean;
  /** `accept_content`: names or MIME types of the bodies that are read. Default `['json']`. */
  readonly acceptContent: readonly string[];
  /** Largest body that is read, before and after decompression, in bytes. Default a sixteenth of the heap, at most 64 MiB. */
  readonly maxBodyBytes: number | undefined;
  /** Most values in a body, each key, array and object counted. Default one for each 512 bytes of the heap. */
  readonly maxBodyValues: number | undefined;
  /**
   * Most bytes of the messages that were received and have not started; beyond it no messages are taken. Decoded, those
   * that run take twice as much at most, unless one alone takes more. Default an eighth of the heap.
   */
  readonly maxWaitingBytes: number | undefined;
  /** Calls that the end of one task may lead to at once; ten times as many may follow in all. Default 10 000. */
  readonly maxFollowUpCalls: number;
  /** Bytes of the messages that the end of one task may lead to at once. Default a quarter of the heap, at most 256 MiB. */
  readonly maxFollowUpBytes: number | undefined;
  /** Longest traceback that is stored of an error, in characters; its arguments have a quarter of it. Default 65 536. */
  readonly maxErrorText: number;
  /** RabbitMQ's `consumer_timeout`, as the broker has it, in ms: no delivery may stay unsettled for longer. Default 1 800 000. */
  readonly consumerTimeoutMs: number;
  /**
   * How often a task is started again that was running when its worker died; then it fails with WorkerLostError. Messages
   * that were not started, and runs that a living worker ended, count nothing. 0: no limit. Default 3.
   */
  readonly redeliveryLimit: number;
  /** `worker_send_task_events`: monitors are told what becomes of each task. Default false. */
  readonly workerSendTaskEvents: boolean;
  /**
   * Time between two events `worker-heartbeat`, in ms; 0 sends no events of the worker itself. Default 2000 with
   * `createWorker`, 0 for a `Worker` that is given its transport.
   */
  readonly workerHeartbeatIntervalMs: number;
  /** `event_exchange`: where events go. Default `celeryev`. */
  readonly eventExchange: string;
  /** `event_serializer`: `json` is the one that there is. */
  readonly eventSerializer: string;
  /** `broker_native_delayed_delivery_queue_type`: kind of the queues in which the broker holds tasks. Default `quorum`. */
  readonly brokerNativeDelayedDeliveryQueueType: QueueType;
}

/** Beyond this, what one task sends is the broker's trouble, however much memory the worker has. */
const mostFollowUpBytes = 268_435_456;

export const defaultWorkerSettings: WorkerSettings = {
  workerPool: 'eventloop',
  workerConcurrency: undefined,
  workerPrefetchMultiplier: 4,
  workerMaxTasksPerChild: undefined,
  workerMaxMemoryPerChildKib: undefined,
  workerEtaTaskLimit: undefined,
  workerDisableRateLimits: false,
  workerStateDb: undefined,
  workerRevokesMax: 50_000,
  workerRevokeExpiresMs: 10_800_000,
  workerCancelLongRunningTasksOnConnectionLoss: false,
  workerDirect: false,
  taskAcksLate: true,
  taskAcksOnFailureOrTimeout: true,
  taskAcksOnFailure: undefined,
  taskAcksOnTimeout: undefined,
  taskRejectOnWorkerLost: true,
  taskIgnoreResult: false,
  taskStoreErrorsEvenIfIgnored: false,
  taskTrackStarted: false,
  taskTimeLimitMs: undefined,
  taskSoftTimeLimitMs: undefined,
  taskDefaultRateLimit: undefined,
  taskInheritParentPriority: false,
  taskDefaultPriority: undefined,
  taskSerializer: 'json',
  taskCompression: undefined,
  taskRoutes: undefined,
  taskCreateMissingQueues: true,
  taskCreateMissingQueueType: 'classic',
  taskDefaultQueueType: 'classic',
  taskQueueMaxPriority: undefined,
  resultExtended: false,
  acceptContent: ['json'],
  maxBodyBytes: undefined,
  maxBodyValues: undefined,
  maxWaitingBytes: undefined,
  maxFollowUpCalls: 10_000,
  maxFollowUpBytes: undefined,
  maxErrorText: defaultMaxErrorText,
  consumerTimeoutMs: 1_800_000,
  redeliveryLimit: 3,
  workerSendTaskEvents: false,
  workerHeartbeatIntervalMs: 0,
  eventExchange: 'celeryev',
  eventSerializer: 'json',
  brokerNativeDelayedDeliveryQueueType: 'quorum',
};

/** Tasks that run at a time when nothing is said. */
export function defaultConcurrency(pool: WorkerPoolKind): number {
  if (pool === 'eventloop') return 64;
  return pool === 'solo' ? 1 : availableParallelism();
}

/** Settings with the concurrency and the budgets filled in. */
export type ResolvedWorkerSettings = WorkerSettings & {
  readonly workerConcurrency: number;
  readonly maxBodyBytes: number;
  readonly maxBodyValues: number;
  readonly maxWaitingBytes: number;
  readonly maxFollowUpBytes: number;
};

/**
 * Given settings with the defaults for the rest.
 *
 * @throws ImproperlyConfiguredError when a number is out of range or a serializer is not supported
 */
export function resolveWorkerSettings(given: Partial<WorkerSettings> = {}): ResolvedWorkerSettings {
  const { workerConcurrency, ...merged } = { ...defaultWorkerSettings, ...given };
  const settings = {
    ...merged,
    workerConcurrency: workerConcurrency ?? defaultConcurrency(merged.workerPool),
    maxBodyBytes: merged.maxBodyBytes ?? defaultMaxBodyBytes,
    maxBodyValues: merged.maxBodyValues ?? defaultMaxBodyValues,
    maxWaitingBytes: merged.maxWaitingBytes ?? Math.floor(memoryLimitBytes() / 8),
    maxFollowUpBytes:
      merged.maxFollowUpBytes ?? Math.min(Math.floor(memoryLimitBytes() / 4), mostFollowUpBytes),
  };
  checkInteger('worker_concurrency', settings.workerConcurrency, 1);
  if (settings.workerPool === 'solo' && settings.workerConcurrency > 1)
    throw new ImproperlyConfiguredError(
      `worker_concurrency must be 1 with worker_pool solo, got ${settings.workerConcurrency}`,
    );
  checkInteger('worker_prefetch_multiplier', settings.workerPrefetchMultiplier, 0);
  checkInteger('worker_max_tasks_per_child', settings.workerMaxTasksPerChild, 1);
  checkInteger('worker_max_memory_per_child', settings.workerMaxMemoryPerChildKib, 1);
  checkInteger('worker_eta_task_limit', settings.workerEtaTaskLimit, 0);
  checkInteger('redelivery_limit', settings.redeliveryLimit, 0);
  checkInteger('max_body_bytes', settings.maxBodyBytes, 1);
  checkInteger('max_body_values', settings.maxBodyValues, 1);
  checkInteger('max_waiting_bytes', settings.maxWaitingBytes, 1);
  checkInteger('max_follow_up_calls', settings.maxFollowUpCalls, 1);
  checkInteger('max_follow_up_bytes', settings.maxFollowUpBytes, 1);
  checkInteger('max_error_text', settings.maxErrorText, 256);
  checkInteger('consumer_timeout', settings.consumerTimeoutMs, 1);
  checkInteger('worker_heartbeat_interval', settings.workerHeartbeatIntervalMs, 0);
  if (settings.eventSerializer !== 'json')
    throw new ImproperlyConfiguredError(
      `event_serializer must be json, which every receiver of events reads, got ${settings.eventSerializer}`,
    );
  resolveAcceptContent(settings.acceptContent);
  resolveSerializer(settings.taskSerializer);
  if (settings.taskCompression !== undefined) resolveCompression(settings.taskCompression);
  return settings;
}

/**
 * The prefetch count of a worker.
 *
 * [WORKER-PREFETCH] Source: Celery 5.7.0, celery/worker/consumer/consumer.py `initial_prefetch_count`; kombu 5.6.2,
 * kombu/common.py `QoS.set`: concurrency × multiplier; 0 is no limit, and so is what does not fit 16 bits.
 */
export function prefetchCount(settings: ResolvedWorkerSettings): number {
  const count = settings.workerConcurrency * settings.workerPrefetchMultiplier;
  return count > 65_535 ? 0 : count;
}

/**
 * How many tasks may be held here until their eta.
 *
 * The prefetch count is per consumer and stays as it is: RabbitMQ heeds a change for new consumers alone. So what is held
 * takes part of it, and must leave room for tasks that may run.
 */
export function etaTaskLimit(settings: ResolvedWorkerSettings): number {
  const prefetch = prefetchCount(settings);
  const { workerEtaTaskLimit: given } = settings;
  if (prefetch === 0) return given ?? unlimitedEtaTasks;
  return Math.min(given ?? Infinity, Math.floor(prefetch / 2));
}

function checkInteger(setting: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return;
  throw new ImproperlyConfiguredError(`${setting} must be an integer of at least ${least}, got ${value}`);
}
