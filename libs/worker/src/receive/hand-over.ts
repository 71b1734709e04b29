import { backoffMs, coerceError, type Logger } from '@celeriac/primitives';
import type { TaskOutcomes } from '../settle/task-outcomes.ts';
import type { DelayedDelivery, DelayOutcome } from './delayed-delivery.ts';
import type { ReceivedTask } from './received-task.ts';

/** A task that is not to be held here, as there is no room or it would be for too long. */
export interface ExcessTask {
  readonly received: ReceivedTask;
  /** When it may run, in ms since the epoch. */
  readonly dueMs: number;
  /** Holds it here nevertheless, when the broker does not take it. */
  readonly holdHere: () => void;
}

export interface HandOverOptions {
  readonly delayed: DelayedDelivery;
  readonly outcomes: TaskOutcomes;
  readonly logger: Logger;
  /** Takes one that had to be held here before, if there is one. */
  readonly takeExcess: () => ExcessTask | undefined;
  /** Told of each that is not here any more. */
  readonly onGone: (received: ReceivedTask) => void;
}

/** Waits before a broker that refused to delay a message is asked again, in ms. */
const retryWaits = { initialMs: 1000, maxMs: 60_000 };

/**
 * Tasks that the broker is to hold until they are due. Those that it refuses are held here and offered to it again, one
 * by one, as soon as it takes them.
 */
export class HandOver {
  readonly #options: HandOverOptions;
  #pendingCount = 0;
  #returnedCount = 0;
  #isRefused = false;
  /** Since a task was last taken. */
  #refusals = 0;
  #retrying: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** How many are on their way to the broker, or wait for the connection to it. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** How many of those that were pending when it was closed went back to their queue. */
  get returnedCount(): number {
    return this.#returnedCount;
  }

  /** Whether the broker refused the last one. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  give(excess: ExcessTask): void {
    void this.#give(excess).then((outcome) => {
      if (outcome === 'refused') this.#retryLater();
    });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retrying);
  }

  /** Never rejects. */
  async #give(excess: ExcessTask): Promise<DelayOutcome> {
    this.#pendingCount++;
    const outcome = await this.#outcomeOf(excess.received, excess.dueMs);
    this.#pendingCount--;
    try {
      this.#ended(excess, outcome);
    } catch (error) {
      this.#options.outcomes.notHandled(excess.received, error);
    }
    return outcome;
  }

  #ended({ received, holdHere }: ExcessTask, outcome: DelayOutcome): void {
    if (outcome === 'delayed') {
      this.#options.outcomes.counts.delayed++;
      this.#isRefused = false;
      this.#refusals = 0;
    } else if (this.#isClosed) this.#returnedCount++;
    else if (outcome !== 'returned') {
      if (outcome === 'refused') this.#isRefused = true;
      holdHere();
      return;
    }
    this.#options.onGone(received);
  }

  async #outcomeOf({ delivery, opened: { id, name } }: ReceivedTask, dueMs: number): Promise<DelayOutcome> {
    const { delayed, logger } = this.#options;
    try {
      return await delayed.delay(delivery, dueMs);
    } catch (error) {
      logger.error({ taskId: id, task: name, reason: coerceError(error).message }, 'task not delayed');
      return 'refused';
    }
  }

  #retryLater(): void {
    if (this.#isClosed || this.#retrying !== undefined) return;
    this.#retrying = setTimeout(this.#retry, backoffMs(this.#refusals++, retryWaits));
  }

  readonly #retry = (): void => {
    void this.#giveExcess().then((outcome) => {
      this.#retrying = undefined;
      if (outcome === 'refused') this.#retryLater();
    });
  };

  /** One after the other, so that a broker that still refuses is not asked for all of them. */
  async #giveExcess(): Promise<DelayOutcome | undefined> {
    let outcome: DelayOutcome | undefined;
    while (!this.#isClosed && outcome !== 'refused') {
      const excess = this.#options.takeExcess();
      if (excess === undefined) break;
      outcome = await this.#give(excess);
    }
    return outcome;
  }
}
