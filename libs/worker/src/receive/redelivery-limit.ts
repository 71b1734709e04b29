import type { Delivery } from '@celeriac/amqp-transport';
import { coerceError, type Logger } from '@celeriac/primitives';
import type { CallPublisher } from '../settle/call-publisher.ts';
import { routeToQueue } from '../settle/return-route.ts';
import { acknowledge, settleOnce } from '../settle/settlement.ts';

export interface RedeliveryLimitOptions {
  readonly publisher: CallPublisher;
  /** Redeliveries that are allowed. */
  readonly limit: number;
  readonly logger: Logger;
}

/** How often a message of a classic queue has been delivered again. */
export const redeliveryCountHeader = 'x-celeriac-delivery-count';
/** Why a message is in its dead-letter queue. */
export const rejectReasonHeader = 'x-celeriac-reject-reason';

/**
 * Counts how often a message of a classic queue is delivered again, which its broker does not: a message that came back
 * is replaced by a copy at the end of its queue that carries the count. Beyond the limit the copy carries a reason; it is
 * rejected for good, and whoever waits is told.
 *
 * A connection that is lost between the copy's confirm and the acknowledgement leaves both: the task may run once more
 * than it had to, under the same id.
 */
export class RedeliveryLimit {
  readonly #options: RedeliveryLimitOptions;

  constructor(options: RedeliveryLimitOptions) {
    this.#options = options;
  }

  /** Why a delivery is to be rejected; undefined when it is not. */
  reasonToReject({ headers }: Delivery): string | undefined {
    const reason = headers[rejectReasonHeader];
    return typeof reason === 'string' ? reason : undefined;
  }

  /** Takes a delivery over that came again: what is run is its copy. False leaves it to the caller. */
  takes(delivery: Delivery): boolean {
    // a quorum queue counts by itself
    if (!delivery.redelivered || delivery.headers['x-delivery-count'] !== undefined) return false;
    void this.#count(delivery).catch((error: unknown) => {
      this.#options.logger.error({ reason: coerceError(error).message }, 'redelivery not counted');
    });
    return true;
  }

  async #count(delivery: Delivery): Promise<void> {
    const { limit, logger, publisher } = this.#options;
    const { queue, headers, properties, body } = delivery;
    const given = headers[redeliveryCountHeader];
    const count = (typeof given === 'number' ? given : 0) + 1;
    const counted: Record<string, unknown> = { ...headers, [redeliveryCountHeader]: count };
    if (count > limit) counted[rejectReasonHeader] = `delivered again ${count} times, the limit is ${limit}`;
    const { address, declaration } = routeToQueue(queue);
    const message = {
      ...address,
      headers: counted,
      properties: { ...properties, userId: undefined },
      body,
      mandatory: true,
    };
    const outcome = await publisher.send({ message, declaration });
    if (outcome.kind === 'sent') settleOnce(delivery, acknowledge);
    // refused: the broker would not take the message that it gave out; unsettled, it comes again with the next channel
    else logger.error({ queue, reason: outcome.error.message }, 'redelivery not counted');
  }
}
