import type { Transport } from '@celeriac/amqp-transport';
import { ImproperlyConfiguredError, type Clock, type Logger } from '@celeriac/primitives';
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
  /** `task_ignore_result`: no results are asked for, unless a call says otherwise. Default false. */
  readonly taskIgnoreResult?: boolean;
  /** `result_expires`, in ms: how long results are kept. Default one day. */
  readonly resultExpiresMs?: number;
  /** `result_cache_max`: how many results are kept. Default 50 000. */
  readonly resultCacheMax?: number;
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
  readonly taskIgnoreResult: boolean;
  readonly resultExpiresMs: number;
  readonly resultCacheMax: number;
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
  return {
    hasResults: parseResultBackend(options.resultBackend ?? 'rpc://') !== 'disabled',
    taskDefaultQueue: options.taskDefaultQueue ?? 'celery',
    taskIgnoreResult: options.taskIgnoreResult ?? false,
    resultExpiresMs: integer('resultExpiresMs', options.resultExpiresMs ?? 86_400_000, longestExpiryMs),
    resultCacheMax: integer('resultCacheMax', options.resultCacheMax ?? 50_000, Number.MAX_SAFE_INTEGER),
    publishTimeoutMs: integer('publishTimeoutMs', options.publishTimeoutMs ?? 30_000, longestTimerMs),
    failFast: options.failFast ?? false,
  };
}

function integer(option: keyof ClientOptions, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new ImproperlyConfiguredError(
    `ClientOptions.${option} must be an integer from 1 to ${most}, got ${value}`,
  );
}
