/** How many started items may stand in the queue before it is cut. */
const compactionThreshold = 1024;

function never(): boolean {
  return false;
}

/** Runs items on this event loop, at most so many at a time; the others wait in their order. */
export class TaskPool<T> {
  #concurrency: number;
  readonly #execute: (item: T) => Promise<void> | undefined;
  readonly #isFull: () => boolean;
  #waiting: T[] = [];
  #head = 0;
  #runningCount = 0;
  #isStopped = false;
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
    return this.#waiting.length - this.#head;
  }

  /** Whether an item that is submitted now starts now. */
  get hasRoom(): boolean {
    const count = this.#runningCount;
    return count < this.#concurrency && (count === 0 || !this.#isFull());
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

  /** Forgets items that wait, such as those whose delivery was lost. */
  removeWhere(predicate: (item: T) => boolean): void {
    this.#waiting = this.#waiting.slice(this.#head).filter((item) => !predicate(item));
    this.#head = 0;
  }

  /** Starts nothing more, drops what waits and resolves when what runs has finished. Returns what was dropped. May be called twice. */
  async stop(): Promise<readonly T[]> {
    this.#isStopped = true;
    const dropped = this.#waiting.splice(0).slice(this.#head);
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
    this.#startWaiting();
    if (this.#runningCount === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
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
