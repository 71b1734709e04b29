/** How many started items may stand in the queue before it is cut. */
const compactionThreshold = 1024;

/** What runs is waited for so long before an item starts that is to run alone, in ms: a long run may not end for hours. */
const alonePatienceMs = 10_000;
/** An item that runs alone has the pool to itself for so long, in ms: a long run of a good task may not stall its worker. */
const aloneMs = 30_000;

function never(): boolean {
  return false;
}

/**
 * Runs items on this event loop, at most so many at a time; the others wait in their order.
 *
 * An item may ask to run alone: nothing else starts until it has started, and for a while after that. Two such items never
 * run at a time.
 */
export class TaskPool<T> {
  #concurrency: number;
  readonly #execute: (item: T) => Promise<void> | undefined;
  readonly #isFull: () => boolean;
  #waiting: T[] = [];
  #head = 0;
  #runningCount = 0;
  #isStopped = false;
  #alone: T[] = [];
  /** Nothing but an item that runs alone may start. */
  #isHeld = false;
  #isAloneRunning = false;
  #aloneTimer: NodeJS.Timeout | undefined;
  readonly #onIdle: (() => void)[] = [];

  /**
   * @param execute - runs one item; gives undefined when it has finished already. Must neither throw nor reject.
   * @param isFull - whether nothing may start beside what runs, though there is a place for it. Default never.
   */
  constructor(
    concurrency: number,
    execute: (item: T) => Promise<void> | undefined,
    isFull: () => boolean = never,
  ) {
    this.#concurrency = concurrency;
    this.#isFull = isFull;
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
    if (count >= this.#concurrency || this.#isHeld) return false;
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
    if (this.hasRoom) this.#start(item);
    else this.#waiting.push(item);
  }

  /** Runs an item when nothing else runs, or what runs takes too long to end. */
  submitAlone(item: T): void {
    if (this.#isStopped) return;
    this.#alone.push(item);
    this.#holdForAlone();
  }

  /** Forgets items that wait, such as those whose delivery was lost. */
  removeWhere(predicate: (item: T) => boolean): void {
    this.#waiting = this.#waiting.slice(this.#head).filter((item) => !predicate(item));
    this.#head = 0;
    this.#alone = this.#alone.filter((item) => !predicate(item));
    if (this.#alone.length === 0 && !this.#isAloneRunning) this.#release();
  }

  /** Starts nothing more, drops what waits and resolves when what runs has finished. Returns what was dropped. May be called twice. */
  async stop(): Promise<readonly T[]> {
    this.#isStopped = true;
    clearTimeout(this.#aloneTimer);
    const dropped = [...this.#waiting.splice(0).slice(this.#head), ...this.#alone.splice(0)];
    this.#head = 0;
    if (this.#runningCount > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    return dropped;
  }

  #start(item: T): void {
    const running = this.#execute(item);
    if (running === undefined) return;
    this.#runningCount++;
    void running.then(this.#finished);
  }

  readonly #finished = (): void => {
    this.#runningCount--;
    if (this.#isHeld) this.#startAloneIfIdle();
    else this.#startWaiting();
    if (this.#runningCount === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  };

  /** Lets nothing start until the next item has run alone. */
  #holdForAlone(): void {
    if (this.#isAloneRunning || this.#alone.length === 0) return;
    this.#isHeld = true;
    clearTimeout(this.#aloneTimer);
    this.#aloneTimer = setTimeout(this.#startAlone, alonePatienceMs);
    this.#startAloneIfIdle();
  }

  #startAloneIfIdle(): void {
    if (this.#runningCount === 0 && !this.#isAloneRunning && !this.#isStopped) this.#startAlone();
  }

  readonly #startAlone = (): void => {
    clearTimeout(this.#aloneTimer);
    const item = this.#alone.shift();
    const running = item === undefined ? undefined : this.#execute(item);
    if (running === undefined) {
      this.#next();
      return;
    }
    this.#runningCount++;
    this.#isAloneRunning = true;
    this.#aloneTimer = setTimeout(this.#release, aloneMs);
    void running.then(() => {
      this.#isAloneRunning = false;
      if (!this.#isStopped) this.#next();
      this.#finished();
    });
  };

  /** After an item that ran alone: another one, or what waits. */
  #next(): void {
    clearTimeout(this.#aloneTimer);
    if (this.#alone.length > 0) this.#holdForAlone();
    else this.#release();
  }

  readonly #release = (): void => {
    if (this.#isStopped) return;
    this.#isHeld = false;
    clearTimeout(this.#aloneTimer);
    this.#startWaiting();
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
