/** What holds bytes of a budget. */
export interface Holder {
  /** Frees what it holds, for another that came later; absent where it cannot. */
  giveWay?: (() => void) | undefined;
}

/**
 * A number of bytes that all requests share. When they are used up, the oldest holder that can give way does: a body that
 * trickles in, or an answer that is not read, cannot keep the producer from those that come and go.
 */
export class ByteBudget {
  readonly #most: number;
  /** What each holds, the oldest first. */
  readonly #holders = new Map<Holder, number>();
  #held = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /**
   * Adds bytes to what a holder has; false, and nothing is added, when there are not enough. A holder that is alone may
   * have more than the budget.
   */
  hold(holder: Holder, bytes: number): boolean {
    for (const [other, held] of this.#holders) {
      if (this.#held + bytes <= this.#most) break;
      if (other === holder || held === 0 || other.giveWay === undefined) continue;
      this.release(other);
      other.giveWay();
    }
    const own = this.#holders.get(holder) ?? 0;
    if (this.#held + bytes > this.#most && this.#held > own) return false;
    this.#held += bytes;
    this.#holders.set(holder, own + bytes);
    return true;
  }

  /** Takes back all that a holder has. */
  release(holder: Holder): void {
    this.#held -= this.#holders.get(holder) ?? 0;
    this.#holders.delete(holder);
  }
}
