import { coerceError } from '@celeriac/primitives';

type Waiter = (error?: Error) => void;

/**
 * One piece of work that many callers wait for, each for its own time. It starts with the first of them and may start
 * anew after it has ended; a caller that has given up leaves nothing behind, however long the work goes on.
 */
export class SharedWork {
  readonly #work: (isWanted: () => boolean) => Promise<void>;
  readonly #waiters = new Set<Waiter>();
  #isRunning = false;

  /** @param work - told by `isWanted` whether anyone still waits; fails for all who do */
  constructor(work: (isWanted: () => boolean) => Promise<void>) {
    this.#work = work;
  }

  /**
   * Resolves or rejects as the work does, or rejects with `lateError` after `timeoutMs`; Infinity waits for ever.
   */
  wait(timeoutMs: number, lateError: () => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = (error) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        if (error === undefined) resolve();
        else reject(error);
      };
      const timer =
        timeoutMs === Infinity
          ? undefined
          : setTimeout(() => {
              waiter(lateError());
            }, timeoutMs);
      this.#waiters.add(waiter);
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Fails all who wait; the work finds itself unwanted. */
  fail(error: Error): void {
    for (const waiter of [...this.#waiters]) waiter(error);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let outcome: Error | undefined;
    try {
      await this.#work(() => this.#waiters.size > 0);
    } catch (error) {
      outcome = coerceError(error);
    }
    this.#isRunning = false;
    for (const waiter of [...this.#waiters]) waiter(outcome);
  }
}
