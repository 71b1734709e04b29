/**
 * Finds the task that kills its workers, and spares the others.
 *
 * ```
 * delivered ─▶ redelivered? ─▶ has so many lost starts as the limit? ─▶ often redelivered by a quorum queue? ─▶ started, which is recorded
 *                 │ no: as usual     │ yes: once more after a while,          │ yes: replaced by a copy            │ one lost start or more: alone
 *                                    ▼      then FAILURE WorkerLostError
 * ```
 *
 * Only the broker says that a message was redelivered; what a sender writes into headers counts for nothing. A first
 * delivery costs nothing, so that the first death is not known of any task; from then on a start of what was redelivered is
 * recorded before it happens and withdrawn when its end is seen. A worker that is cut off from the broker lives: it
 * withdraws its records as soon as it has a connection again, which is why the last word is spoken after a while only.
 *
 * [WORKER-LOST-STARTS] See decision 26. Celery has no such limit.
 */
import type { Delivery } from '@celeriac/amqp-transport';
import { coerceError, type Logger } from '@celeriac/primitives';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallPublisher } from '../settle/call-publisher.ts';
import { routeToQueue } from '../settle/return-route.ts';
import { acknowledge, settleOnce } from '../settle/settlement.ts';
import type { ReceivedTask } from './received-task.ts';
import type { StartLedger } from './start-ledger.ts';

export interface LostStartsOptions {
  readonly ledger: StartLedger;
  readonly publisher: CallPublisher;
  /** Lost starts at which a message is given up. */
  readonly limit: number;
  /** How long a worker that lives may take to withdraw what it recorded, in ms. */
  readonly graceMs: number;
  /** Whether a task that comes now starts at once. */
  readonly startsNext: () => boolean;
  readonly logger: Logger;
}

/** What is known of a redelivered message. */
export interface Suspect {
  /** Starts of it by workers that were lost. */
  readonly lostStarts: number;
  readonly isGivenUp: boolean;
}

/**
 * Deliveries of a quorum queue after which a message that was never started is replaced by a copy: half of what RabbitMQ 4
 * allows by default.
 */
const mostDeliveries = 10;

export class LostStarts {
  readonly #options: LostStartsOptions;
  readonly #closed = new AbortController();

  constructor(options: LostStartsOptions) {
    this.#options = options;
  }

  /**
   * Looks into a redelivered message, and says what is known of it, unless it goes back to the broker meanwhile. Never
   * throws.
   */
  examine(delivery: Delivery, onKnown: (suspect: Suspect) => void): void {
    this.#examine(delivery, onKnown).catch((error: unknown) => {
      const { queue, deliveryTag } = delivery;
      this.#options.logger.error(
        { queue, deliveryTag, err: coerceError(error) },
        'redelivered message rejected',
      );
      if (!delivery.isSettled) delivery.reject({ requeue: false });
    });
  }

  get limit(): number {
    return this.#options.limit;
  }

  /** Lost starts of a task whose thread or process was just lost: this one is known, whether it was recorded or not. */
  async countAfterLoss({ delivery, suspect }: ReceivedTask): Promise<number> {
    const { ledger } = this.#options;
    if (suspect === undefined) await ledger.record(delivery);
    return ledger.count(delivery);
  }

  /** Forgets the starts of a message that is not to come again. */
  forget(delivery: Delivery): void {
    this.#options.ledger.clear(delivery);
  }

  close(): void {
    this.#closed.abort();
  }

  async #examine(delivery: Delivery, onKnown: (suspect: Suspect) => void): Promise<void> {
    const { graceMs, ledger, limit } = this.#options;
    let lostStarts = await ledger.count(delivery);
    if (lostStarts >= limit) {
      await delay(graceMs, undefined, { signal: this.#closed.signal }).catch(() => undefined);
      lostStarts = await ledger.count(delivery);
    }
    if (this.#closed.signal.aborted || delivery.isLost) return;
    const isGivenUp = lostStarts >= limit;
    // what starts now needs no copy: a sender of a classic queue may have written the count
    const isOften = deliveriesOf(delivery) >= mostDeliveries && !this.#options.startsNext();
    if (!isGivenUp && isOften) await this.#replace(delivery);
    else onKnown({ lostStarts, isGivenUp });
  }

  /** A copy is delivered for the first time again: the broker's own limit must not reach what was never started. */
  async #replace(delivery: Delivery): Promise<void> {
    const { logger, publisher } = this.#options;
    const { queue, properties, body } = delivery;
    const { address, declaration } = routeToQueue(queue);
    const headers = Object.fromEntries(
      Object.entries(delivery.headers).filter(([name]) => !brokerCounts.has(name)),
    );
    const message = {
      ...address,
      headers,
      properties: { ...properties, userId: undefined },
      body,
      mandatory: true,
    };
    const outcome = await publisher.send({ message, declaration });
    if (outcome.kind === 'sent') settleOnce(delivery, acknowledge);
    // unsettled, it comes again with the next channel
    else logger.error({ queue, reason: outcome.error.message }, 'redelivered message not replaced');
  }
}

/** Headers in which quorum queues count; a copy that had them would only look as if it had been delivered before. */
const brokerCounts: ReadonlySet<string> = new Set(['x-delivery-count', 'x-acquired-count']);

/** How often a quorum queue has delivered a redelivered message before; 0 for other queues. */
function deliveriesOf({ headers }: Delivery): number {
  const count = headers['x-delivery-count'];
  return typeof count === 'number' || typeof count === 'bigint' ? Number(count) : 0;
}
