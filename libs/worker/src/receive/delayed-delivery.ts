import { isAccessRefused, type Delivery, type Topology } from '@celeriac/amqp-transport';
import { coerceError, type Clock, type Logger } from '@celeriac/primitives';
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
  readonly publisher: CallPublisher;
  /** `broker_native_delayed_delivery_queue_type`. */
  readonly queueType: 'quorum' | 'classic';
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where a message is after an attempt to delay it. */
export type DelayOutcome =
  /** At the broker, which delivers it again when it is due. */
  | 'delayed'
  /** Here: it is due by now, or the broker refused it, for which there is a line in the log. */
  | 'held'
  /** On its way back: its delivery was lost, or the worker closes and its fate is unknown. */
  | 'returned';

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
  /** Queues whose messages can be delayed; the declaration is under way or done. */
  readonly #queues = new Map<string, Promise<void>>();

  constructor(options: DelayedDeliveryOptions) {
    this.#options = options;
  }

  /**
   * Delays a message until a time, ms since the epoch; waits for the connection, however long that is away.
   *
   * What it gives says where the message is then; a message that is not delayed is unsettled, as it was.
   */
  async delay(delivery: Delivery, untilMs: number): Promise<DelayOutcome> {
    const { clock, logger, publisher } = this.#options;
    const { queue } = delivery;
    let route: MessageRoute | undefined;
    try {
      await this.#prepare(queue);
      if (delivery.isLost) return 'returned';
      // what is due by now must not wait for one of the broker's seconds more
      const delayMs = Math.min(untilMs - clock.now(), longestDelayMs);
      route = delayMs < leastDelayMs ? undefined : delayedRouteToQueue(delayMs, queue);
    } catch (error) {
      const { code, message: reason } = coerceError(error) as Error & { code?: unknown };
      if (code === 'ERR_CONNECTION_CLOSED') return 'returned'; // the worker closes
      logger.error({ queue, reason }, 'messages cannot be delayed at the broker, they are held here');
      return 'held';
    }
    if (route === undefined) return 'held';
    const { headers, body, properties } = delivery;
    const kept = { ...properties, expiration: undefined, userId: undefined };
    const message = { ...route, headers, body, properties: kept, mandatory: true };
    const outcome = await publisher.send({ message, declaration: nothingToDeclare });
    if (outcome.kind === 'unsure') return 'returned';
    if (outcome.kind === 'refused') {
      this.#queues.delete(queue); // whatever is missing is declared again for the next one
      logger.error({ queue, reason: outcome.error.message }, 'message not delayed at the broker');
      return 'held';
    }
    settleOnce(delivery, acknowledge);
    return 'delayed';
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
      await this.#options.publisher.declare(topology);
    } catch (error) {
      if (!isAccessRefused(error)) throw error;
    }
  }
}
