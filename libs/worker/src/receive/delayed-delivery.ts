import { isAccessRefused, OperationalError, type Delivery } from '@celeriac/amqp-transport';
import { coerceError, type Clock, type Logger } from '@celeriac/primitives';
import {
  delayedDeliveryBindingForQueue,
  delayedDeliveryTopology,
  delayedRouteToQueue,
  nothingToDeclare,
  type Declaration,
  type MessageRoute,
} from '@celeriac/protocol';
import type { CallPublisher } from '../settle/call-publisher.ts';
import { acknowledge, settleOnce } from '../settle/settlement.ts';

export interface DelayedDeliveryOptions {
  readonly publisher: CallPublisher;
  /** `broker_native_delayed_delivery_queue_type`. */
  readonly queueType: 'quorum' | 'classic';
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What became of a message that is not due. */
export type DelayOutcome =
  /** The broker has its copy, and the message is acknowledged. */
  | 'delayed'
  /** The broker will not have it, for which there is a line in the log: it is unsettled, as it was. */
  | 'refused'
  /** It is due, or will be within a second, which is as near as the broker comes: it is unsettled, as it was. */
  | 'due'
  /** It goes back to its queue, or has: its connection was lost or the worker closes. */
  | 'returned';

interface WaitingDelivery {
  readonly delivery: Delivery;
  readonly resolve: (obstacle: DelayOutcome | undefined) => void;
}

/** Shorter waits are never given to the broker, which holds whole seconds. */
export const leastDelayMs = 1000;

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
  /** Queues whose messages can be delayed, for all that is known. */
  readonly #prepared = new Set<string>();
  /** By queue: until its messages can be delayed, and the publishing connection is there. */
  readonly #waiting = new Map<string, Set<WaitingDelivery>>();

  constructor(options: DelayedDeliveryOptions) {
    this.#options = options;
  }

  /**
   * Delays a message. While the publishing connection is away it waits: what is lost meanwhile is not sent, as its queue
   * has it again, and what falls due is not delayed.
   */
  async delay(delivery: Delivery, dueMs: number): Promise<DelayOutcome> {
    const { clock, logger, publisher } = this.#options;
    const { queue } = delivery;
    if (!this.#prepared.has(queue) || !publisher.isReady) {
      const obstacle = await this.#wait(delivery);
      if (obstacle !== undefined) return obstacle;
      if (delivery.isLost) return 'returned';
    }
    try {
      const delayMs = Math.min(dueMs - clock.now(), longestDelayMs);
      const route = delayedRouteToQueue(delayMs, queue);
      return route === undefined ? 'due' : await this.#send(delivery, route);
    } catch (error) {
      logger.error({ queue, reason: coerceError(error).message }, 'message not delayed at the broker');
      return 'refused';
    }
  }

  /** Those whose connection was lost wait no longer. */
  dropLost(): void {
    for (const waiting of this.#waiting.values()) {
      for (const each of waiting) {
        if (!each.delivery.isLost) continue;
        waiting.delete(each);
        each.resolve('returned');
      }
    }
  }

  async #send(delivery: Delivery, route: MessageRoute): Promise<DelayOutcome> {
    const { logger, publisher } = this.#options;
    const { headers, body, properties } = delivery;
    const kept = { ...properties, expiration: undefined, userId: undefined };
    const message = { ...route, headers, body, properties: kept, mandatory: true };
    const outcome = await publisher.send({ message, declaration: nothingToDeclare });
    if (outcome.kind === 'unsure') return 'returned';
    if (outcome.kind === 'refused') {
      this.#prepared.delete(delivery.queue); // whatever is missing is declared again for the next one
      logger.error(
        { queue: delivery.queue, reason: outcome.error.message },
        'message not delayed at the broker',
      );
      return 'refused';
    }
    settleOnce(delivery, acknowledge);
    return 'delayed';
  }

  /** Resolves with nothing once a message of the queue can be sent, else with what becomes of this one. */
  #wait(delivery: Delivery): Promise<DelayOutcome | undefined> {
    const { queue } = delivery;
    let waiting = this.#waiting.get(queue);
    if (waiting === undefined) {
      waiting = new Set();
      this.#waiting.set(queue, waiting);
      void this.#prepare(queue, waiting);
    }
    return new Promise((resolve) => waiting.add({ delivery, resolve }));
  }

  async #prepare(queue: string, waiting: ReadonlySet<WaitingDelivery>): Promise<void> {
    const obstacle = await this.#obstacleTo(queue);
    this.#waiting.delete(queue);
    for (const { resolve } of waiting) resolve(obstacle);
  }

  async #obstacleTo(queue: string): Promise<DelayOutcome | undefined> {
    const { logger, publisher } = this.#options;
    try {
      if (!this.#prepared.has(queue)) await this.#declare(queue);
      this.#prepared.add(queue);
      await publisher.whenReady();
      return undefined;
    } catch (error) {
      if (isClosed(error)) return 'returned';
      const fields = { queue, reason: coerceError(error).message };
      logger.error(fields, 'messages cannot be delayed at the broker, they are held here');
      return 'refused';
    }
  }

  async #declare(queue: string): Promise<void> {
    const { queueType } = this.#options;
    await this.#declareIfAllowed({
      name: 'delayed delivery',
      topology: () => delayedDeliveryTopology(queueType),
    });
    await this.#declareIfAllowed({
      name: `delayed delivery to ${queue}`,
      topology: () => delayedDeliveryBindingForQueue(queue),
    });
  }

  /** A user that may not declare what all workers share relies on an operator who did; else messages come back. */
  async #declareIfAllowed(declaration: Declaration): Promise<void> {
    try {
      await this.#options.publisher.declare(declaration);
    } catch (error) {
      if (!isAccessRefused(error)) throw error;
    }
  }
}

/** While the worker lives, what is published and declared waits for the connection. */
function isClosed(error: unknown): boolean {
  return error instanceof OperationalError && error.code === 'ERR_CONNECTION_CLOSED';
}
