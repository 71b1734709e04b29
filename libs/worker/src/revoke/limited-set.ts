export interface LimitedSetOptions {
  /** Most items that are kept; the oldest go first. */
  readonly max: number;
  /** Older items go when the set is full, in ms. */
  readonly expiresMs: number;
}

/**
 * A set that forgets its oldest items when it is full; older than `expiresMs` they go then as well, not before.
 *
 * Source: Celery 5.7.0, celery/utils/collections.py `LimitedSet`.
 */
export class LimitedSet {
  readonly #max: number;
  readonly #expiresSeconds: number;
  /** When each was added; oldest first, as a Map keeps the order of insertion. */
  readonly #items = new Map<string, number>();

  constructor({ max, expiresMs }: LimitedSetOptions) {
    this.#max = max;
    this.#expiresSeconds = expiresMs / 1000;
  }

  get size(): number {
    return this.#items.size;
  }

  has(item: string): boolean {
    return this.#items.has(item);
  }

  /** Adds, or makes an item the newest. */
  add(item: string): void {
    const now = monotonicSeconds();
    this.#items.delete(item);
    this.#items.set(item, now);
    if (this.#items.size >= this.#max) this.#purge(now);
  }

  /** Items, oldest first. */
  keys(): IterableIterator<string> {
    return this.#items.keys();
  }

  /** Items and when they were added, in seconds of the machine's monotonic clock; oldest first. */
  entries(): IterableIterator<[string, number]> {
    return this.#items.entries();
  }

  #purge(now: number): void {
    for (const [item, added] of this.#items) {
      if (this.#items.size <= this.#max && added + this.#expiresSeconds > now) return;
      this.#items.delete(item);
    }
  }
}

/** Seconds since the machine was started: what Python's `time.monotonic` gives on the same machine. */
function monotonicSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}
