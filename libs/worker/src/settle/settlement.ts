import type { Delivery } from '@celeriac/amqp-transport';
import type { TaskPolicy } from '../receive/task-policy.ts';

/** A way to settle a delivery. */
export type Settlement = (delivery: Delivery) => void;

export function acknowledge(delivery: Delivery): void {
  delivery.ack();
}

/** Without requeue: to the dead-letter exchange if there is one. */
export function rejectForGood(delivery: Delivery): void {
  delivery.reject({ requeue: false });
}

/** Back to its queue. */
export function requeue(delivery: Delivery): void {
  delivery.reject({ requeue: true });
}

/** How a task that failed is settled. */
export function failureSettlement({ acksOnFailure }: TaskPolicy): Settlement {
  return acksOnFailure ? acknowledge : rejectForGood;
}

/** How a task that was ended at its hard limit is settled. */
export function timeoutSettlement({ acksOnTimeout }: TaskPolicy): Settlement {
  return acksOnTimeout ? acknowledge : requeue;
}

/** Settles, unless it was settled before: acknowledged early. */
export function settleOnce(delivery: Delivery, settlement: Settlement): void {
  if (!delivery.isSettled) settlement(delivery);
}
