import type { Delivery } from '@celeriac/amqp-transport';
import {
  nothingToDeclare,
  originalRoutingKey,
  taskQueueTopology,
  type Declaration,
} from '@celeriac/protocol';

/** Where a message goes, and what is declared when no queue takes it. */
export interface ReturnRoute {
  readonly address: { readonly exchange: string; readonly routingKey: string };
  readonly declaration: Declaration;
}

/**
 * The way back to where a delivery came from.
 *
 * [WORKER-RETRY-ROUTE] Source: Celery 5.7.0, celery/app/task.py `signature_from_request`: through the default exchange
 * where it came through that, else to its exchange and routing key. What the broker held for a while (SPEC §16) has
 * a prefix on its key, which Celery would let grow; it goes to its queue here.
 */
export function returnRoute({ exchange, routingKey, queue }: Delivery): ReturnRoute {
  if (exchange === '') return routeToQueue(routingKey);
  const isDelayed = originalRoutingKey(routingKey) !== routingKey;
  return isDelayed
    ? routeToQueue(queue)
    : { address: { exchange, routingKey }, declaration: nothingToDeclare };
}

/** Straight to a queue, through the default exchange. */
export function routeToQueue(queue: string): ReturnRoute {
  return {
    address: { exchange: '', routingKey: queue },
    declaration: { name: queue, topology: () => taskQueueTopology([queue]) },
  };
}
