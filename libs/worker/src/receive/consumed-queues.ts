import type { Topology } from '@celeriac/amqp-transport';
import {
  delayedDeliveryBindings,
  delayedDeliveryTopology,
  delaysNatively,
  directQueue,
  joinTopologies,
  TaskQueues,
  taskQueueTopology,
  type ResolvedTaskQueue,
  type TaskQueue,
} from '@celeriac/protocol';
import type { WorkerSettings } from '../worker-settings.ts';

export interface ConsumedQueuesOptions {
  readonly queues: readonly (string | TaskQueue)[];
  readonly settings: WorkerSettings;
}

/** What a worker consumes. */
export interface ConsumedQueues {
  readonly queues: readonly ResolvedTaskQueue[];
  readonly names: readonly string[];
  readonly topology: Topology;
}

/**
 * The queues of a worker, each once, and what is declared for them: with queues that the broker delays calls to, the
 * queues and exchanges of native delayed delivery as well, which Celery's producers do not declare.
 *
 * [WORKER-TOPOLOGY] Source: Celery 5.7.0, celery/worker/consumer/tasks.py, celery/worker/consumer/delayed_delivery.py;
 * recorded worker-startup: `startup_direct_broadcast`, quorum-native-delay: `startup_quorum_native_delayed`.
 *
 * @throws ImproperlyConfiguredError naming an option of a queue that is wrong, and its value
 */
export function consumedQueues({ queues: given, settings }: ConsumedQueuesOptions): ConsumedQueues {
  const queues = new TaskQueues({
    queues: given,
    createMissingQueueType: settings.taskDefaultQueueType,
    maxPriority: settings.taskQueueMaxPriority,
  }).known;
  const delayed = queues.filter(delaysNatively);
  const delay =
    delayed.length === 0
      ? []
      : [
          delayedDeliveryTopology(settings.brokerNativeDelayedDeliveryQueueType),
          delayedDeliveryBindings(delayed),
        ];
  return {
    queues,
    names: queues.map(({ name }) => name),
    topology: joinTopologies([taskQueueTopology(queues), ...delay]),
  };
}

/** The queues with the worker's own (`worker_direct`), where that is wanted. */
export function withDirectQueue(
  queues: readonly (string | TaskQueue)[],
  nodeName: string,
  { workerDirect }: WorkerSettings,
): readonly (string | TaskQueue)[] {
  return workerDirect ? [...queues, directQueue(nodeName)] : queues;
}
