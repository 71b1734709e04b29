import { isAccessRefused, type Delivery, type Topology, type Transport } from '@celeriac/amqp-transport';
import { coerceError, type Logger } from '@celeriac/primitives';
import {
  delayedDeliveryBindingForQueue,
  delayedDeliveryTopology,
  delayedRouteToQueue,
  nothingToDeclare,
  type MessageRoute,
} from '@celeriac/protocol';
import type { CallPublisher } from '../settle/call-publisher.ts';
import { acknowledge, settleOnce } from '../settle/settlement.ts';

export interface DelayedDeliveryOptions {
  readonly transport: Transport;
  readonly publisher: CallPublisher;
  /** `broker_native_delayed_delivery_queue_type`. */
  readonly queueType: 'quorum' | 'classic';
  readonly logger: Logger;
}

/** What the broker can hold, 8.5 years; a message that waits longer comes by and is delayed again. */
const longestDelayMs = (2 ** 28 - 1) * 1000;

/**
 * Hands messages that are not due to the broker, which delivers them to their queue again about when they are: the
 * queues and exchanges of Celery's native delayed delivery (SPEC §16), with each task queue bound to their end.
 *
 * A message is acknowledged when the broker has confirmed its copy. Its time to live is left out of the copy, as a delay
 * queue would let it out at its end; the header `expires` stays and is checked.
 */
export class DelayedDelivery {
  readonly #options: DelayedDeliveryOptions;
  /** Queues whose messages can be delayed; the declaration is under way or done. */
  readonly #queues = new Map<string, Promise<void>>();

  constructor(options: DelayedDeliveryOptions) {
    this.#options = options;
  }

  /**
   * Delays a message. False when it cannot be, for which there is a line in the log: it is unsettled then, as it was. A
   * message whose fate is unknown when the worker closes goes back with its channel.
   */
  async delay(delivery: Delivery, delayMs: number): Promise<boolean> {
    const { logger, publisher } = this.#options;
    let route: MessageRoute | undefined;
    try {
      route = delayedRouteToQueue(Math.min(delayMs, longestDelayMs), delivery.queue);
      if (route === undefined) return false;
      await this.#prepare(delivery.queue);
    } catch (error) {
      const fields = { queue: delivery.queue, reason: coerceError(error).message };
      logger.error(fields, 'messages cannot be delayed at the broker, they are held here');
      return false;
    }
    const { headers, body, properties } = delivery;
    const kept = { ...properties, expiration: undefined, userId: undefined };
    const message = { ...route, headers, body, properties: kept, mandatory: true };
    const outcome = await publisher.send({ message, declaration: nothingToDeclare });
    if (outcome.kind === 'unsure') return true;
    if (outcome.kind === 'refused') {
      this.#queues.delete(delivery.queue); // whatever is missing is declared again for the next one
      logger.error(
        { queue: delivery.queue, reason: outcome.error.message },
        'message not delayed at the broker',
      );
      return false;
    }
    settleOnce(delivery, acknowledge);
    return true;
  }

  #prepare(queue: string): Promise<void> {
    let preparing = this.#queues.get(queue);
    if (preparing === undefined) {
      preparing = this.#declare(queue);
      this.#queues.set(queue, preparing);
      preparing.catch(() => this.#queues.delete(queue));
    }
    return preparing;
  }

  async #declare(queue: string): Promise<void> {
    await this.#declareIfAllowed(delayedDeliveryTopology(this.#options.queueType));
    await this.#declareIfAllowed(delayedDeliveryBindingForQueue(queue));
  }

  /** A user that may not declare what all workers share relies on an operator who did; else messages come back. */
  async #declareIfAllowed(topology: Topology): Promise<void> {
    try {
      await this.#options.transport.declare(topology);
    } catch (error) {
      if (!isAccessRefused(error)) throw error;
    }
  }
}
