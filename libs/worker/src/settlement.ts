import type { Delivery } from '@celeriac/amqp-transport';
import type { WorkerSettings } from './worker-settings.ts';

/** A way to settle a delivery. */
export type Settlement = (delivery: Delivery) => void;

export function acknowledge(delivery: Delivery): void {
  delivery.ack();
}

/** Without requeue: to the dead-letter exchange if there is one. */
export function rejectForGood(delivery: Delivery): void {
  delivery.reject({ requeue: false });
}

/** How a task that failed is settled. */
export function failureSettlement(settings: WorkerSettings): Settlement {
  return settings.taskAcksOnFailureOrTimeout ? acknowledge : rejectForGood;
}

/** Settles, unless it was settled before: acknowledged early. */
export function settleOnce(delivery: Delivery, settlement: Settlement): void {
  if (!delivery.isSettled) settlement(delivery);
}
