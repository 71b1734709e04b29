import type { Clock } from '@celeriac/primitives';
import { longestTimeoutMs } from '../longest-timeout.ts';

/** What one task may do, and those that wait for their turn. */
interface Bucket<T> {
  intervalMs: number;
  /** When a token was last taken; -Infinity before the first. */
  lastStartMs: number;
  /** In the order in which they came. */
  readonly held: Set<T>;
}

/**
 * Holds tasks back that would start more often than their rate limit allows: for each task name a token bucket that holds
 * one token and is refilled at the task's rate. What waited too long does not catch up: there is never a burst.
 *
 * Tasks that are held are unsettled and count against the prefetch count. Clock and timers count milliseconds, so no
 * task with a limit starts more than about a thousand times a second.
 *
 * [WORKER-RATE-LIMITED] Source: Celery 5.7.0, celery/worker/consumer/consumer.py `_limit_task`, `bucket_for_task`; kombu
 * 5.6.2, kombu/utils/limits.py `TokenBucket`, whose refill lets two start at once after a pause; ours does not.
 */
export class RateLimitedTasks<T extends object> {
  readonly #clock: Clock;
  readonly #onRelease: (item: T) => void;
  readonly #buckets = new Map<string, Bucket<T>>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onRelease called for each item when it may start, from within `submit` or by a timer */
  constructor(clock: Clock, onRelease: (item: T) => void) {
    this.#clock = clock;
    this.#onRelease = onRelease;
  }

  /** Items that are held. */
  get size(): number {
    let size = 0;
    for (const { held } of this.#buckets.values()) size += held.size;
    return size;
  }

  /** Releases the item now if its task may start, else when its turn has come. A task without a rate always may. */
  submit(name: string, item: T): void {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      this.#onRelease(item);
      return;
    }
    const now = this.#clock.now();
    if (bucket.held.size === 0 && waitMs(bucket, now) <= 0) {
      bucket.lastStartMs = now;
      this.#onRelease(item);
      return;
    }
    bucket.held.add(item);
    if (bucket.held.size === 1) this.#arm();
  }

  /**
   * Sets how often a task may start, per second, counted from its last start; undefined is no limit, and all that are
   * held are released.
   */
  setRate(name: string, rate: number | undefined): void {
    const bucket = this.#buckets.get(name);
    if (rate !== undefined) {
      const intervalMs = 1000 / rate;
      if (bucket === undefined)
        this.#buckets.set(name, { intervalMs, lastStartMs: -Infinity, held: new Set() });
      else bucket.intervalMs = intervalMs;
      this.#arm();
      return;
    }
    this.#buckets.delete(name);
    this.#arm();
    for (const item of bucket?.held ?? []) this.#onRelease(item);
  }

  /** How long one more item of a task would wait, in ms. */
  expectedWaitMs(name: string): number {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) return 0;
    return Math.max(0, waitMs(bucket, this.#clock.now())) + bucket.held.size * bucket.intervalMs;
  }

  /** Forgets held items, such as those whose delivery was lost; they take no turn. */
  removeWhere(predicate: (item: T) => boolean): void {
    for (const { held } of this.#buckets.values()) {
      for (const item of held) if (predicate(item)) held.delete(item);
    }
    this.#arm();
  }

  /** Forgets all that are held, and gives them. Rates stay. */
  clear(): readonly T[] {
    const all: T[] = [];
    for (const { held } of this.#buckets.values()) {
      for (const item of held) all.push(item);
      held.clear();
    }
    this.#arm();
    return all;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const now = this.#clock.now();
    let earliestMs = Infinity;
    for (const bucket of this.#buckets.values())
      if (bucket.held.size > 0) earliestMs = Math.min(earliestMs, waitMs(bucket, now));
    if (earliestMs === Infinity) return;
    // rounded up, as a timer that comes a fraction too early would find that it has to wait again
    this.#timer = setTimeout(
      this.#releaseDue,
      Math.min(Math.ceil(Math.max(0, earliestMs)), longestTimeoutMs),
    );
  }

  readonly #releaseDue = (): void => {
    const now = this.#clock.now();
    const due: T[] = [];
    for (const bucket of this.#buckets.values()) {
      const [first] = bucket.held;
      if (first === undefined || waitMs(bucket, now) > 0) continue;
      bucket.held.delete(first);
      bucket.lastStartMs = now;
      due.push(first);
    }
    this.#arm();
    for (const item of due) this.#onRelease(item);
  };
}

/** Until the bucket has a token again. */
function waitMs(bucket: Bucket<unknown>, now: number): number {
  // the clock was set back: the last start is not ahead of us, and nobody waits for longer than an interval
  if (bucket.lastStartMs > now) bucket.lastStartMs = now;
  return bucket.lastStartMs + bucket.intervalMs - now;
}
