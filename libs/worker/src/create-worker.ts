import { AmqpTransport } from '@celeriac/amqp-transport';
import { ImproperlyConfiguredError, silentLogger, type Clock, type Logger } from '@celeriac/primitives';
import type { SerializerName, TaskQueue } from '@celeriac/protocol';
import { DisabledResultStore, parseResultBackend, RpcResultStore } from '@celeriac/result-backend';
import type { ImplementedHolder, TaskDeclarations } from '@celeriac/task-registry';
import { hostname } from 'node:os';
import { callableTasks, type CallableTasks } from './callable-tasks.ts';
import { createExecutionPool } from './pools/create-execution-pool.ts';
import type { ExecutionPool } from './pools/execution-pool.ts';
import { resolveWorkerSettings, type WorkerSettings } from './worker-settings.ts';
import { Worker } from './worker.ts';

/** Settings of a worker with its broker and result backend. */
export interface CreateWorkerOptions extends Partial<WorkerSettings> {
  /** `broker_url`: one URL, or several separated by `;`. */
  readonly brokerUrl: string;
  /** `result_backend`: `rpc://` (default) or `disabled://`. */
  readonly resultBackend?: string;
  /** `result_persistent`: results survive a restart of the broker. Default false. */
  readonly resultPersistent?: boolean;
  /** `confirm_publish` of `broker_transport_options`: results are confirmed before the acknowledgement. Default true. */
  readonly confirmPublish?: boolean;
  /** `result_serializer`. Default `json`. */
  readonly resultSerializer?: SerializerName | undefined;
  /** `broker_heartbeat` in seconds. Default 120. */
  readonly brokerHeartbeatSeconds?: number;
  /** `broker_connection_timeout` in ms. Default 4000. */
  readonly brokerConnectionTimeoutMs?: number;
  /** Queues to consume, by name or with the options that they are declared with. Default those of the holders. */
  readonly queues?: readonly (string | TaskQueue)[] | undefined;
  /**
   * Module that exports the holders, as a URL or a path: threads and processes import it. Needed with `worker_pool`
   * `threads` or `processes`.
   */
  readonly tasksModule?: string | URL | undefined;
  /** Node name. Default `<queue>@<hostname>`, of the first queue. */
  readonly nodeName?: string;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** A worker and its tasks as functions. */
export interface WorkerFrom<T extends TaskDeclarations> {
  /** The worker; consumes nothing before `start()`. */
  readonly app: Worker;
  /** The tasks by their keys: each runs here and now when called, as a Celery task does when it is called directly. */
  readonly tasks: CallableTasks<T>;
}

/**
 * Makes the worker that serves a holder: its queue is consumed, its tasks are registered.
 *
 * @throws ImproperlyConfiguredError when a setting is wrong; no connection has been tried
 *
 * @example
 * const { app } = createWorkerFrom(implement(mathTasks, { add: (x, y) => x + y }), { brokerUrl: 'amqp://localhost' });
 * await app.start();
 */
export function createWorkerFrom<T extends TaskDeclarations>(
  implemented: ImplementedHolder<T>,
  options: CreateWorkerOptions,
): WorkerFrom<T> {
  return { app: createWorker([implemented], options), tasks: callableTasks(implemented) };
}

/**
 * Makes the worker that serves several holders.
 *
 * @throws ImproperlyConfiguredError when there is none, or a setting is wrong; no connection has been tried
 */
export function createWorker(holders: readonly ImplementedHolder[], options: CreateWorkerOptions): Worker {
  const [first] = holders;
  if (first === undefined) throw new ImproperlyConfiguredError('a worker needs at least one holder of tasks');
  const { logger = silentLogger, nodeName = `${first.holder.queue}@${hostname()}`, queues, clock } = options;
  const backend = parseResultBackend(options.resultBackend ?? 'rpc://');
  const transport = new AmqpTransport({ ...options, name: nodeName, logger });
  const store =
    backend === 'disabled'
      ? new DisabledResultStore()
      : new RpcResultStore({
          transport,
          persistent: options.resultPersistent ?? false,
          confirmPublish: options.confirmPublish ?? true,
          serializer: options.resultSerializer,
        });
  return new Worker({
    transport,
    store,
    holders,
    queues,
    nodeName,
    settings: { ...options, workerHeartbeatIntervalMs: options.workerHeartbeatIntervalMs ?? 2000 },
    executionPool: executionPoolOf(options, nodeName, logger),
    logger,
    ...(clock === undefined ? {} : { clock }),
  });
}

function executionPoolOf(
  options: CreateWorkerOptions,
  nodeName: string,
  logger: Logger,
): ExecutionPool | undefined {
  const settings = resolveWorkerSettings(options);
  const { workerPool } = settings;
  if (workerPool === 'eventloop' || workerPool === 'solo') return undefined;
  return createExecutionPool({
    workerPool,
    concurrency: settings.workerConcurrency,
    tasksModule: options.tasksModule,
    nodeName,
    logger,
    acceptContent: settings.acceptContent,
    maxBodyBytes: settings.maxBodyBytes,
    maxBodyValues: settings.maxBodyValues,
    maxTasksPerChild: settings.workerMaxTasksPerChild,
    maxMemoryPerChildKib: settings.workerMaxMemoryPerChildKib,
  });
}
