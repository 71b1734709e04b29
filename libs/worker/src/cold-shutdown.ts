import { longestTimeoutMs } from './longest-timeout.ts';

/** The moment from which a shutdown waits for nothing more. */
export class ColdShutdown {
  /** Resolves then. */
  readonly begun: Promise<void>;
  #resolve: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    this.begun = new Promise((resolve) => (this.#resolve = resolve));
  }

  begin(): void {
    this.clear();
    this.#resolve();
  }

  /** Calls back after a time, in ms; a time that was set before no longer counts. */
  after(timeoutMs: number, onTimeout: () => void): void {
    this.clear();
    if (timeoutMs !== Infinity) this.#timer = setTimeout(onTimeout, Math.min(timeoutMs, longestTimeoutMs));
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
