interface Waiter {
  readonly isMet: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Those who wait for a condition of an object that changes. Whoever changes it says so. */
export class ConditionWaiters {
  readonly #waiters = new Set<Waiter>();

  /** Resolves when the condition is met, now or at a later {@link changed}. */
  wait(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.add({ isMet, resolve, reject });
    });
  }

  /** Something has changed that may be what somebody waits for. */
  changed(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.isMet()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Nothing will change any more. */
  rejectAll(error: Error): void {
    for (const { reject } of this.#waiters) reject(error);
    this.#waiters.clear();
  }
}
