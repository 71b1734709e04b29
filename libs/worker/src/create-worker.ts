import { AmqpTransport } from '@celeriac/amqp-transport';
import { silentLogger, type Clock, type Logger } from '@celeriac/primitives';
import { DisabledResultStore, parseResultBackend, RpcResultStore } from '@celeriac/result-backend';
import type { ImplementedHolder, TaskDeclarations } from '@celeriac/task-registry';
import { callableTasks, type CallableTasks } from './callable-tasks.ts';
import type { WorkerSettings } from './worker-settings.ts';
import { Worker } from './worker.ts';
import { hostname } from 'node:os';

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
  /** `broker_heartbeat` in seconds. Default 120. */
  readonly brokerHeartbeatSeconds?: number;
  /** `broker_connection_timeout` in ms. Default 4000. */
  readonly brokerConnectionTimeoutMs?: number;
  /** Node name. Default `<queue>@<hostname>`. */
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
  const { logger = silentLogger, nodeName = `${implemented.holder.queue}@${hostname()}` } = options;
  const backend = parseResultBackend(options.resultBackend ?? 'rpc://');
  const transport = new AmqpTransport({ ...options, name: nodeName, logger });
  const store =
    backend === 'disabled'
      ? new DisabledResultStore()
      : new RpcResultStore({
          transport,
          persistent: options.resultPersistent ?? false,
          confirmPublish: options.confirmPublish ?? true,
        });
  const app = new Worker({
    transport,
    store,
    holders: [implemented],
    nodeName,
    settings: options,
    logger,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  return { app, tasks: callableTasks(implemented) };
}
