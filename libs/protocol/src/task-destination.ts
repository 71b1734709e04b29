import {
  delayedDeliveryBindings,
  delayedDeliveryTopology,
  delayedRoute,
  delaysNatively,
} from './native-delayed-delivery.ts';
import type { QueueType, ResolvedTaskQueue } from './task-queue.ts';
import { joinTopologies, taskQueueTopology, type TaskQueueTopology } from './task-queue-topology.ts';

/** What has to be declared before a message is published. */
export interface Declaration {
  /** What it is known by once it is declared. */
  readonly name: string;
  readonly topology: () => TaskQueueTopology;
}

/** Where to publish a call. */
export interface TaskDestination {
  readonly exchange: string;
  readonly routingKey: string;
  /** Whether the broker is to say so when no queue takes the message. */
  readonly mandatory: boolean;
  readonly declaration: Declaration;
}

/** What of a call decides where it goes. */
export interface DestinedCall {
  readonly exchange?: string | undefined;
  readonly routingKey?: string | undefined;
  /** Time until its eta, in ms. */
  readonly delayMs: number;
}

/** For messages to an exchange that somebody else declares. */
export const nothingToDeclare: Declaration = {
  name: '',
  topology: () => ({ exchanges: [], queues: [], bindings: [] }),
};

/**
 * Where to publish a call to a queue.
 *
 * - Exchange and routing key both given: there, and nothing is declared.
 * - Direct exchange: the default exchange, with the name of the queue; whatever else is given does not count.
 * - Others: the queue's exchange and key, or those of the call. With a delay of a second or more, and a quorum queue, the
 *   exchange of the delays ({@link delayedRoute}).
 *
 * [PRODUCER-ROUTE] Source: Celery 5.7.0, celery/app/amqp.py `send_task_message`, celery/app/base.py `send_task`; recorded
 * task-messages: `topic_exchange`, `explicit_exchange_rk`, `quorum_queue`, `quorum_queue_countdown`. Unlike Celery, we
 * declare the queues of the delays before the first delayed call: a message to an exchange that is not there would be lost.
 * And a broadcast that nobody consumes is no error, but its exchange is declared.
 *
 * @throws ImproperlyConfiguredError when the broker cannot keep a message for so long
 */
export function taskDestination(
  call: DestinedCall,
  queue: ResolvedTaskQueue,
  delayQueueType: QueueType,
): TaskDestination {
  const { exchange, routingKey } = call;
  if (exchange !== undefined && routingKey !== undefined)
    return { exchange, routingKey, mandatory: true, declaration: nothingToDeclare };
  const declaration = { name: queue.name, topology: () => callersTopology(queue) };
  if (queue.exchangeType === 'direct' || queue.exchange === '')
    return { exchange: '', routingKey: queue.name, mandatory: true, declaration };
  const key = routingKey ?? queue.routingKey;
  const delayed =
    exchange === undefined && delaysNatively(queue) ? delayedRoute(call.delayMs, key) : undefined;
  if (delayed !== undefined)
    return { ...delayed, mandatory: true, declaration: delayDeclaration(queue, delayQueueType) };
  return {
    exchange: exchange ?? queue.exchange,
    routingKey: key,
    mandatory: !queue.broadcast,
    declaration,
  };
}

/** What a caller declares of a queue: of a broadcast the exchange alone, as nobody would consume its queue. */
export function callersTopology(queue: ResolvedTaskQueue): TaskQueueTopology {
  const topology = taskQueueTopology([queue]);
  return queue.broadcast ? { ...topology, queues: [], bindings: [] } : topology;
}

function delayDeclaration(queue: ResolvedTaskQueue, delayQueueType: QueueType): Declaration {
  return {
    name: `${queue.name}, delayed`,
    topology: () =>
      joinTopologies([
        taskQueueTopology([queue]),
        delayedDeliveryTopology(delayQueueType),
        delayedDeliveryBindings([queue]),
      ]),
  };
}
