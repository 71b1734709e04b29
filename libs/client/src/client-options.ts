import type { Transport } from '@celeriac/amqp-transport';
import { ImproperlyConfiguredError, memoryLimitBytes, type Clock, type Logger } from '@celeriac/primitives';
import {
  queueTypes,
  resolveAcceptContent,
  resolveCompression,
  resolveSerializer,
  TaskQueues,
  TaskRouting,
  type CompressionName,
  type QueueType,
  type SerializerName,
  type TaskQueue,
  type TaskRoutes,
} from '@celeriac/protocol';
import { parseResultBackend } from '@celeriac/result-backend';
import type { TaskHolder } from '@celeriac/task-registry';

export interface ClientOptions {
  /** `broker_url`: one URL, or several separated by `;`. */
  readonly brokerUrl: string;
  /** Holders whose tasks `sendTask` can route by name; of two that declare one name, the first. Default none. */
  readonly holders?: readonly TaskHolder[];
  /** `result_backend`: `rpc://` (default) or `disabled://`. */
  readonly resultBackend?: string;
  /** `task_default_queue`: where tasks go that no holder declares. Default `celery`. */
  readonly taskDefaultQueue?: string;
  /** `task_default_queue_type`: of the default queue, where `taskQueues` defines none at all. Default `classic`. */
  readonly taskDefaultQueueType?: QueueType;
  /** `task_default_priority`, 0 to 255: of calls that give none, nor does their route. Default 0. */
  readonly taskDefaultPriority?: number | undefined;
  /**
   * `task_queues`: queues that calls may go to, by name or alias, and what is known about them. Only those whose exchange
   * is not direct have to be here; others are declared like Celery's missing queues.
   */
  readonly taskQueues?: readonly (string | TaskQueue)[];
  /** `task_create_missing_queues`: calls may name queues that are neither a holder's nor in `taskQueues`. Default true. */
  readonly taskCreateMissingQueues?: boolean;
  /** `task_create_missing_queue_type`. Default `classic`. */
  readonly taskCreateMissingQueueType?: QueueType;
  /** `task_queue_max_priority`: `x-max-priority` of classic queues that have none of their own, 1 to 255. Default none. */
  readonly taskQueueMaxPriority?: number | undefined;
  /** `task_routes`: where calls go that do not say so themselves. It wins over the queues of holders. Default nowhere else. */
  readonly taskRoutes?: TaskRoutes;
  /** `accept_content`: what `resultAcceptContent` is when it is not given. Default `['json']`. */
  readonly acceptContent?: readonly string[];
  /** `result_accept_content`: names or MIME types of the results that are read: json, msgpack, yaml. */
  readonly resultAcceptContent?: readonly string[] | undefined;
  /** `task_serializer`. Default `json`. */
  readonly taskSerializer?: SerializerName;
  /** `task_compression`. Default none. */
  readonly taskCompression?: CompressionName | undefined;
  /** `broker_native_delayed_delivery_queue_type`, as everyone on the virtual host has it. Default `quorum`. */
  readonly brokerNativeDelayedDeliveryQueueType?: QueueType;
  /** `task_ignore_result`: no results are asked for, unless a call says otherwise. Default false. */
  readonly taskIgnoreResult?: boolean;
  /** `result_expires`, in ms: how long results are kept. Default one day. */
  readonly resultExpiresMs?: number;
  /** `result_cache_max`: how many results are kept. Default 50 000. */
  readonly resultCacheMax?: number;
  /** What the results that are kept may take in memory, in bytes; the oldest are forgotten. Default an eighth of the heap. */
  readonly resultCacheMaxBytes?: number | undefined;
  /**
   * A call that the broker has not confirmed in this time is rejected, in ms. Default 30 000. The first call to a queue
   * may take as long once more, to wait for the broker and declare the queue.
   */
  readonly publishTimeoutMs?: number;
  /** Reject calls at once while the broker is away, instead of waiting for it. Default false. */
  readonly failFast?: boolean;
  /** `broker_heartbeat` in seconds. Default 120. */
  readonly brokerHeartbeatSeconds?: number;
  /** `broker_connection_timeout` in ms. Default 4000. */
  readonly brokerConnectionTimeoutMs?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Another transport than RabbitMQ at `brokerUrl`; for tests. */
  readonly transport?: Transport;
}

/** What a client needs beside its connection, complete. */
export interface ClientSettings {
  readonly hasResults: boolean;
  readonly taskDefaultQueue: string;
  readonly taskDefaultPriority: number;
  readonly queues: TaskQueues;
  readonly routing: TaskRouting;
  readonly delayQueueType: QueueType;
  readonly taskSerializer: SerializerName;
  readonly taskCompression: CompressionName | undefined;
  readonly resultAcceptContent: readonly string[];
  readonly taskIgnoreResult: boolean;
  readonly resultExpiresMs: number;
  readonly resultCacheMax: number;
  readonly resultCacheMaxBytes: number;
  readonly publishTimeoutMs: number;
  readonly failFast: boolean;
}

/** RabbitMQ takes at most this as `x-expires`, in ms. */
const longestExpiryMs = 2 ** 32 - 1;
/** Node's timers run at most this, in ms. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Given options with the defaults for the rest.
 *
 * @throws ImproperlyConfiguredError naming the option that is out of range, and its value
 */
export function resolveClientOptions(options: ClientOptions): ClientSettings {
  const taskDefaultQueue = options.taskDefaultQueue ?? 'celery';
  const queues = knownQueues(options, taskDefaultQueue);
  return {
    hasResults: parseResultBackend(options.resultBackend ?? 'rpc://') !== 'disabled',
    taskDefaultQueue,
    taskSerializer: resolveSerializer(options.taskSerializer ?? 'json').name,
    taskCompression: checkCompression(options.taskCompression),
    resultAcceptContent: checkAcceptContent(options),
    taskDefaultPriority: integer('taskDefaultPriority', options.taskDefaultPriority ?? 0, 255, 0),
    queues,
    routing: new TaskRouting(options.taskRoutes, queues),
    delayQueueType: queueType(
      'brokerNativeDelayedDeliveryQueueType',
      options.brokerNativeDelayedDeliveryQueueType ?? 'quorum',
    ),
    taskIgnoreResult: options.taskIgnoreResult ?? false,
    resultExpiresMs: integer('resultExpiresMs', options.resultExpiresMs ?? 86_400_000, longestExpiryMs),
    resultCacheMax: integer('resultCacheMax', options.resultCacheMax ?? 50_000, Number.MAX_SAFE_INTEGER),
    resultCacheMaxBytes: integer(
      'resultCacheMaxBytes',
      options.resultCacheMaxBytes ?? Math.floor(memoryLimitBytes() / 8),
      Number.MAX_SAFE_INTEGER,
    ),
    publishTimeoutMs: integer('publishTimeoutMs', options.publishTimeoutMs ?? 30_000, longestTimerMs),
    failFast: options.failFast ?? false,
  };
}

/** As Celery has it: the default queue is defined where nothing else is. The queues of holders are known too. */
function knownQueues(options: ClientOptions, taskDefaultQueue: string): TaskQueues {
  const { taskQueues = [], holders = [], taskDefaultQueueType = 'classic', taskQueueMaxPriority } = options;
  const queues = new TaskQueues({
    queues: taskQueues,
    createMissing: options.taskCreateMissingQueues,
    createMissingQueueType: queueType(
      'taskCreateMissingQueueType',
      options.taskCreateMissingQueueType ?? 'classic',
    ),
    maxPriority:
      taskQueueMaxPriority === undefined
        ? undefined
        : integer('taskQueueMaxPriority', taskQueueMaxPriority, 255),
  });
  const type = queueType('taskDefaultQueueType', taskDefaultQueueType);
  if (taskQueues.length === 0) queues.add({ name: taskDefaultQueue, queueType: type });
  const ofTasks = holders.flatMap(({ tasks }) => Object.values(tasks).map(({ queue }) => queue));
  for (const queue of ofTasks) if (!queues.has(queue)) queues.add(queue);
  return queues;
}

/** @throws ImproperlyConfiguredError when it names pickle, or a serializer that is unknown */
function checkAcceptContent({
  acceptContent = ['json'],
  resultAcceptContent = acceptContent,
}: ClientOptions): readonly string[] {
  resolveAcceptContent(resultAcceptContent);
  return resultAcceptContent;
}

/** @throws ImproperlyConfiguredError when it is unknown or cannot be written here */
function checkCompression(name: CompressionName | undefined): CompressionName | undefined {
  if (name !== undefined) resolveCompression(name);
  return name;
}

function queueType(option: keyof ClientOptions, value: QueueType): QueueType {
  if (queueTypes.includes(value)) return value;
  throw new ImproperlyConfiguredError(
    `ClientOptions.${option} must be one of ${queueTypes.join(', ')}, got ${JSON.stringify(value)}`,
  );
}

function integer(option: keyof ClientOptions, value: number, most: number, least = 1): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ImproperlyConfiguredError(
    `ClientOptions.${option} must be an integer from ${least} to ${most}, got ${value}`,
  );
}
