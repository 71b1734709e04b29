import type { Intake } from './intake.ts';
import type { ReceivedTask } from './received-task.ts';

/**
 * What those tasks take in memory that have been received and have not started: undecoded, as they came. Beyond its limit
 * no messages are taken until half of it is free.
 */
export class WaitingBytes {
  readonly #maxBytes: number;
  readonly #intake: Intake;
  readonly #tasks = new Set<ReceivedTask>();
  #bytes = 0;
  /** Of the tasks that waited when the limit was passed. */
  #meanBytes = 0;

  constructor(maxBytes: number, intake: Intake) {
    this.#maxBytes = maxBytes;
    this.#intake = intake;
  }

  /** How many wait. */
  get size(): number {
    return this.#tasks.size;
  }

  /**
   * Whether a task may be held for a while: those that only wait for a time take half of the limit at most, and no place
   * of a prefetch count that is lower for want of memory.
   */
  hasRoomFor({ delivery }: ReceivedTask): boolean {
    return !this.#intake.isNarrow && this.#bytes + delivery.bytes <= this.#maxBytes / 2;
  }

  /** A task waits from now on. */
  add(received: ReceivedTask): void {
    if (this.#tasks.has(received)) return;
    this.#tasks.add(received);
    this.#bytes += received.delivery.bytes;
    received.releaseBody();
    if (this.#bytes <= this.#maxBytes) return;
    this.#meanBytes = this.#bytes / this.size;
    this.#intake.pause('waiting', { waiting: this.size, bytes: this.#bytes, maxBytes: this.#maxBytes });
  }

  /** A task waits no longer; does nothing for one that did not. */
  delete(received: ReceivedTask): void {
    if (this.size === 0 || !this.#tasks.delete(received)) return;
    this.#bytes -= received.delivery.bytes;
    if (this.#bytes > this.#maxBytes / 2) return;
    // of messages like those that were too many, no more than there is room for
    this.#intake.resume('waiting', Math.floor(this.#maxBytes / 2 / this.#meanBytes));
  }

  /** Those whose channel has gone wait no longer. */
  dropLost(): void {
    for (const received of this.#tasks) if (received.delivery.isLost) this.delete(received);
  }
}
