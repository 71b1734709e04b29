/** How many started items may stand in the queue before it is cut. */
const compactionThreshold = 1024;

/** Nothing else starts beside an item that is to run alone for so long, in ms: what kills its worker does so at once, mostly. */
const aloneMs = 30_000;
/** What runs has so long to end before an item starts that is to run alone, in ms. */
const clearingMs = 10_000;

function never(): boolean {
  return false;
}

/**
 * Runs items on this event loop, at most so many at a time; the others wait in their order.
 *
 * An item that is to run alone starts when nothing else runs, or when what runs has had some time to end; others start
 * again when it has ended, or when it has run for a while: one long task must not hold up the rest for its whole length.
 */
export class TaskPool<T> {
  #concurrency: number;
  readonly #execute: (item: T) => Promise<void> | undefined;
  readonly #isFull: () => boolean;
  readonly #isAlone: (item: T) => boolean;
  /** Items that are to run alone, in their order. */
  #alone: T[] = [];
  /** Nothing else may start: the first of `#alone` is next, or runs. */
  #isReserved = false;
  #isAloneRunning = false;
  #reservation: NodeJS.Timeout | undefined;
  #waiting: T[] = [];
  #head = 0;
  #runningCount = 0;
  #isStopped = false;
  readonly #onIdle: (() => void)[] = [];

  /**
   * @param execute - runs one item; gives undefined when it has finished already. Must neither throw nor reject.
   * @param isFull - whether nothing may start beside what runs, though there is a place for it. Default never.
   * @param isAlone - whether an item is to run alone. Default never.
   */
  constructor(
    concurrency: number,
    execute: (item: T) => Promise<void> | undefined,
    isFull: () => boolean = never,
    isAlone: (item: T) => boolean = never,
  ) {
    this.#concurrency = concurrency;
    this.#isFull = isFull;
    this.#isAlone = isAlone;
    this.#execute = execute;
  }

  get runningCount(): number {
    return this.#runningCount;
  }

  get waitingCount(): number {
    return this.#waiting.length - this.#head + this.#alone.length;
  }

  /** Whether an item that is submitted now starts now. */
  get hasRoom(): boolean {
    const count = this.#runningCount;
    if (count >= this.#concurrency || this.#isReserved) return false;
    return count === 0 || !this.#isFull();
  }

  /** How many may run at a time. */
  get concurrency(): number {
    return this.#concurrency;
  }

  /** Lets so many run at a time from now on; what runs beyond it finishes. */
  resize(concurrency: number): void {
    this.#concurrency = concurrency;
    this.#startWaiting();
  }

  submit(item: T): void {
    if (this.#isStopped) return;
    if (this.#isAlone(item)) {
      this.#alone.push(item);
      this.#reserve();
    } else if (this.hasRoom) this.#start(item);
    else this.#waiting.push(item);
  }

  /** Forgets items that wait, such as those whose delivery was lost. */
  removeWhere(predicate: (item: T) => boolean): void {
    this.#waiting = this.#waiting.slice(this.#head).filter((item) => !predicate(item));
    this.#head = 0;
    this.#alone = this.#alone.filter((item) => !predicate(item));
    if (this.#isReserved && this.#alone.length === 0 && !this.#isAloneRunning) this.#endReservation();
  }

  /** Starts nothing more, drops what waits and resolves when what runs has finished. Returns what was dropped. May be called twice. */
  async stop(): Promise<readonly T[]> {
    this.#isStopped = true;
    const dropped = [...this.#waiting.splice(0).slice(this.#head), ...this.#alone.splice(0)];
    this.#head = 0;
    clearTimeout(this.#reservation);
    if (this.#runningCount > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    return dropped;
  }

  #start(item: T): void {
    const running = this.#execute(item);
    if (running === undefined) return;
    this.#runningCount++;
    void running.then(this.#finished);
  }

  /** Lets nothing else start, and starts the next item that is to run alone as soon as nothing runs. */
  #reserve(): void {
    if (this.#isReserved || this.#isAloneRunning || this.#alone.length === 0 || this.#isStopped) return;
    this.#isReserved = true;
    if (this.#runningCount === 0) this.#startAlone();
    else this.#reservation = setTimeout(this.#startAlone, clearingMs);
  }

  readonly #startAlone = (): void => {
    clearTimeout(this.#reservation);
    const item = this.#alone.shift();
    const running = item === undefined ? undefined : this.#execute(item);
    if (running === undefined) {
      this.#endReservation();
      return;
    }
    this.#runningCount++;
    this.#isAloneRunning = true;
    this.#reservation = setTimeout(this.#endReservation, aloneMs);
    void running.then(() => {
      this.#isAloneRunning = false;
      this.#runningCount--;
      this.#endReservation();
      this.#tellIdle();
    });
  };

  readonly #endReservation = (): void => {
    clearTimeout(this.#reservation);
    this.#isReserved = false;
    this.#startWaiting();
    this.#reserve();
  };

  #tellIdle(): void {
    if (this.#runningCount === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  readonly #finished = (): void => {
    this.#runningCount--;
    if (this.#isReserved && !this.#isAloneRunning && this.#runningCount === 0 && !this.#isStopped)
      this.#startAlone();
    this.#startWaiting();
    this.#tellIdle();
  };

  #startWaiting(): void {
    while (this.hasRoom && this.#head < this.#waiting.length) {
      const next = this.#waiting[this.#head++];
      if (next !== undefined) this.#start(next);
    }
    // cut now and then: under steady load the queue is never empty, and what was started must not be kept
    if (this.#head === this.#waiting.length || this.#head >= compactionThreshold) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
