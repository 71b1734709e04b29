/**
 * Whether messages are taken.
 *
 * | state | entered | left | what holds |
 * | --- | --- | --- | --- |
 * | taking | construction; the last reason is gone → `resume` | `pause` → paused | deliveries are received |
 * | paused | `pause` for a reason | all reasons are gone → taking | consumers are cancelled; what still arrives goes back to its queue |
 *
 * Consumers are cancelled before anything is handed back, so that the broker does not deliver it here again. When
 * messages were too large for the prefetch count, it is lower for a while after the pause: each time that a message is
 * handed back counts as a delivery of it.
 */
import type { Delivery, MessageConsumer } from '@celeriac/amqp-transport';
import type { LogFields, Logger } from '@celeriac/primitives';

/** Why no messages are taken: those that wait take too much memory, or the process does. */
export type PauseReason = 'waiting' | 'memory';

type PausableConsumer = Pick<MessageConsumer, 'pause' | 'isPaused' | 'resume'>;

export interface IntakeOptions {
  /** Most unsettled deliveries of a queue; 0 is no limit. */
  readonly prefetchCount: number;
  readonly logger: Logger;
}

/** How long the prefetch count stays lower, in ms. */
const narrowMs = 60_000;

export class Intake {
  readonly #prefetchCount: number;
  readonly #logger: Logger;
  readonly #reasons = new Set<PauseReason>();
  #consumer: PausableConsumer | undefined;
  #handedBack = 0;
  /** The prefetch count of the consumers to come. */
  #nextPrefetch: number;
  #widening: NodeJS.Timeout | undefined;

  constructor({ prefetchCount, logger }: IntakeOptions) {
    this.#prefetchCount = prefetchCount;
    this.#nextPrefetch = prefetchCount;
    this.#logger = logger;
  }

  get isPaused(): boolean {
    return this.#reasons.size > 0;
  }

  /** Whether the prefetch count is lower than usual, or there are no consumers. */
  get isNarrow(): boolean {
    return this.isPaused || this.#nextPrefetch !== this.#prefetchCount;
  }

  /** Takes messages of this consumer from now on. */
  open(consumer: PausableConsumer): void {
    this.#consumer = consumer;
    if (this.isPaused) consumer.pause();
  }

  close(): void {
    clearTimeout(this.#widening);
    this.#consumer = undefined;
  }

  pause(reason: PauseReason, fields: LogFields): void {
    if (this.#reasons.has(reason)) return;
    const wasPaused = this.isPaused;
    this.#reasons.add(reason);
    if (wasPaused) return;
    clearTimeout(this.#widening);
    this.#handedBack = 0;
    this.#logger.warn({ ...fields, why: reason }, 'no messages are taken until there is memory for them');
    this.#consumer?.pause();
  }

  /** @param prefetchCount of the consumers that follow, where fewer than usual fit */
  resume(reason: PauseReason, prefetchCount = Infinity): void {
    if (!this.#reasons.delete(reason)) return;
    this.#nextPrefetch = Math.min(this.#nextPrefetch || Infinity, Math.max(1, prefetchCount));
    if (this.#nextPrefetch === Infinity) this.#nextPrefetch = 0;
    if (this.isPaused) return;
    this.#logger.info(
      { handedBack: this.#handedBack, prefetchCount: this.#nextPrefetch },
      'messages are taken again',
    );
    this.#consumer?.resume(this.#nextPrefetch);
    if (this.isNarrow) this.#widening = setTimeout(this.#widen, narrowMs).unref();
  }

  /** Hands a delivery back when no messages are taken. */
  handsBack(delivery: Delivery): boolean {
    if (!this.isPaused || this.#consumer?.isPaused(delivery.queue) !== true) return false;
    this.#handedBack++;
    delivery.reject({ requeue: true });
    return true;
  }

  readonly #widen = (): void => {
    this.#nextPrefetch = this.#prefetchCount;
    this.#consumer?.pause();
    this.#consumer?.resume(this.#prefetchCount);
  };
}
