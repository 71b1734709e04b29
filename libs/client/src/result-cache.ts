import type { Clock } from '@celeriac/primitives';
import type { AsyncResult } from './async-result.ts';
import { BackendError } from './task-errors.ts';

export interface ResultCacheOptions {
  /** Setting `result_cache_max`: results kept at most. */
  readonly maxSize: number;
  /** Setting `result_expires`, in ms: results are kept no longer. */
  readonly expiresMs: number;
  readonly clock: Clock;
}

interface Kept {
  readonly result: AsyncResult;
  readonly sentMs: number;
}

/**
 * The results of the calls that this process sent, by task id: bounded, the oldest are dropped first. A result that
 * someone waits for is not dropped.
 */
export class ResultCache {
  readonly #options: ResultCacheOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: ResultCacheOptions) {
    this.#options = options;
  }

  add(result: AsyncResult): void {
    const now = this.#options.clock.now();
    this.#kept.set(result.id, { result, sentMs: now });
    this.#dropExpired(now);
    if (this.#kept.size > this.#options.maxSize) this.#dropOldest();
  }

  get(taskId: string): AsyncResult | undefined {
    return this.#kept.get(taskId)?.result;
  }

  /** Forgets the result of a call that was not sent, or that nobody wants any more. */
  delete(taskId: string): void {
    this.#kept.delete(taskId);
  }

  /** No result will come any more: whoever waits is told. */
  loseAll(reason: string): void {
    for (const { result } of this.#kept.values())
      result.lose(new BackendError(`task ${result.id}: ${reason}`));
    this.#kept.clear();
  }

  #dropExpired(now: number): void {
    for (const [taskId, { result, sentMs }] of this.#kept) {
      if (now - sentMs < this.#options.expiresMs || result.isAwaited) return; // in the order of sending
      this.#kept.delete(taskId);
    }
  }

  #dropOldest(): void {
    for (const [taskId, { result }] of this.#kept) {
      if (result.isAwaited) continue;
      this.#kept.delete(taskId);
      result.lose(
        new BackendError(
          `the result of task ${taskId} was dropped: more than ${this.#options.maxSize} results were kept (resultCacheMax)`,
        ),
      );
      return;
    }
  }
}
