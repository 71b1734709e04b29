import type { Clock } from '@celeriac/primitives';
import { longestTimeoutMs } from '../longest-timeout.ts';
import type { ReceivedTask } from './received-task.ts';

interface HeldTask {
  readonly received: ReceivedTask;
  readonly dueMs: number;
}

/** Fewer held tasks than this are not worth looking through. */
const purgeThreshold = 1024;

/**
 * Tasks whose eta is ahead, ordered by it in a binary heap, with one timer for the earliest. They are unsettled and
 * count against the prefetch count while they wait.
 */
export class EtaSchedule {
  readonly #clock: Clock;
  readonly #onDue: (received: ReceivedTask) => void;
  #heap: HeldTask[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** At this size the lost ones are dropped: each reconnect brings those that wait again. */
  #purgeAt = purgeThreshold;

  constructor(clock: Clock, onDue: (received: ReceivedTask) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#heap.length;
  }

  hold(received: ReceivedTask, dueMs: number): void {
    if (this.#heap.length >= this.#purgeAt) this.#purgeLost();
    this.#insertAt(this.#heap.length, { received, dueMs });
    if (this.#heap[0]?.received === received) this.#arm();
  }

  /** When the one with the latest eta is due, in ms; undefined when none is held. */
  get latestDueMs(): number | undefined {
    return this.#heap[this.#latestIndex()]?.dueMs;
  }

  /** Removes the one with the latest eta. */
  takeLatest(): ReceivedTask | undefined {
    const heap = this.#heap;
    const index = this.#latestIndex();
    const latest = heap[index];
    const last = heap.pop();
    // no later than the latest, and its place is a leaf: it may only have to go up
    if (latest !== last && last !== undefined) this.#insertAt(index, last);
    if (heap.length === 0) this.#arm();
    return latest?.received;
  }

  #latestIndex(): number {
    const heap = this.#heap;
    let latest = -1;
    // it is a leaf, which is where the second half of the heap is
    for (let index = heap.length >> 1; index < heap.length; index++)
      if (latest === -1 || (heap[index]?.dueMs ?? 0) > (heap[latest]?.dueMs ?? 0)) latest = index;
    return latest;
  }

  /** Puts one into a place that is empty or a leaf, and up from there. */
  #insertAt(place: number, held: HeldTask): void {
    const heap = this.#heap;
    const { dueMs } = held;
    let index = place;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.dueMs <= dueMs) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = held;
  }

  /** Forgets those whose channel has gone. */
  dropLost(): void {
    this.#purgeLost();
    this.#arm();
  }

  #purgeLost(): void {
    const held = this.#heap.filter(({ received }) => !received.delivery.isLost);
    // filtering breaks the heap; a sorted array is one again
    this.#heap = held.sort((a, b) => a.dueMs - b.dueMs);
    this.#purgeAt = Math.max(purgeThreshold, 2 * held.length);
  }

  /** Forgets all; their messages are unsettled and go back to the broker with the channel. */
  clear(): void {
    this.#heap = [];
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const [earliest] = this.#heap;
    if (earliest === undefined) return;
    const waitMs = Math.max(0, Math.min(earliest.dueMs - this.#clock.now(), longestTimeoutMs));
    this.#timer = setTimeout(this.#releaseDue, waitMs);
  }

  readonly #releaseDue = (): void => {
    const now = this.#clock.now();
    for (
      let [earliest] = this.#heap;
      earliest !== undefined && earliest.dueMs <= now;
      [earliest] = this.#heap
    ) {
      this.#removeEarliest();
      // the broker delivers it again when its channel has gone; running it here too would be once too often
      if (!earliest.received.delivery.isLost) this.#onDue(earliest.received);
    }
    this.#arm();
  };

  #removeEarliest(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const leftItem = heap[left];
      if (leftItem === undefined) break;
      const rightItem = heap[left + 1];
      const isRight = rightItem !== undefined && rightItem.dueMs < leftItem.dueMs;
      const smaller = isRight ? rightItem : leftItem;
      if (smaller.dueMs >= last.dueMs) break;
      heap[index] = smaller;
      index = isRight ? left + 1 : left;
    }
    heap[index] = last;
  }
}
