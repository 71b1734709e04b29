import type { Clock, Logger } from '@celeriac/primitives';
import type { ResultMessage } from '@celeriac/protocol';
import { AsyncResult } from './async-result.ts';
import { BackendError } from './task-errors.ts';

export interface ResultCacheOptions {
  /** Setting `result_cache_max`: results kept at most, apart from those that are waited for or being sent. */
  readonly maxSize: number;
  /** What those may take in memory together, in bytes. */
  readonly maxBytes: number;
  /** Setting `result_expires`, in ms: an older result is dropped as further calls are sent. */
  readonly expiresMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A result with the calls that stand behind it: more than one when a call was sent again under its id. */
export interface KeptResult {
  readonly result: AsyncResult;
  sentMs: number;
  unconfirmedCalls: number;
  isConfirmed: boolean;
  /** About what its state takes in memory, in bytes. */
  bytes: number;
}

/** Results that one call looks at, at most, for those to drop: more than one, so that a backlog shrinks. */
const maxLooks = 8;

/**
 * The results of the calls that this process sent, by task id: bounded, the oldest are dropped first and what can no
 * longer be had rejects. A result that someone waits for is not dropped, nor one whose call is under way.
 */
export class ResultCache {
  readonly #options: ResultCacheOptions;
  readonly #kept = new Map<string, KeptResult>();
  /**
   * Goes through the results from the oldest on, once for all: an iterator made anew for every call would pass the gaps of
   * all dropped ones each time, and a full cache cost 30 times as much.
   */
  #oldestFirst = this.#kept.values();
  #oldest: KeptResult | undefined;
  /** Those that have a state, in the order in which it came; what they take in memory is in {@link #bytes}. */
  readonly #arrived = new Set<KeptResult>();
  #bytes = 0;
  #wasFullTold = false;

  constructor(options: ResultCacheOptions) {
    this.#options = options;
  }

  /**
   * The result of a call that is about to be sent: a new one, or that of an unfinished call of the same task under the
   * same id. `confirm` or `abandon` follows.
   */
  open(id: string, name: string, isIgnored: boolean): KeptResult {
    const now = this.#options.clock.now();
    const known = this.#kept.get(id);
    if (known !== undefined) {
      this.#kept.delete(id); // its place is at the end again
      if (this.#oldest === known) this.#oldest = undefined;
    }
    const kept = known !== undefined && canShare(known.result, name) ? known : newResult(id, name, isIgnored);
    if (known !== undefined && kept !== known) {
      this.#leave(known);
      known.result.lose(
        new BackendError(`task ${id}: its id was used for another call before its result came`),
      );
    }
    kept.sentMs = now;
    kept.unconfirmedCalls++;
    this.#kept.set(id, kept);
    this.#dropOld(now);
    return kept;
  }

  /** The result of a call whose answer nobody will ask for: it is not kept, and no other result gives way to it. */
  openUnkept(id: string, name: string): KeptResult {
    return { ...newResult(id, name, true), unconfirmedCalls: 1 };
  }

  get(taskId: string): AsyncResult | undefined {
    return this.#kept.get(taskId)?.result;
  }

  /** Drops a result before its time; a caller that waits for it is told. */
  forget(taskId: string): void {
    const kept = this.#kept.get(taskId);
    if (kept === undefined) return;
    this.#kept.delete(taskId);
    this.#leave(kept);
    kept.result.lose(new BackendError(`the result of task ${taskId} was forgotten on request`));
  }

  /** Takes a state that arrived, for a call of this process or not. */
  receive(taskId: string, message: ResultMessage): void {
    const kept = this.#kept.get(taskId);
    if (kept === undefined) return;
    const { result } = kept;
    if (result.isReady) return;
    this.#leave(kept);
    this.#arrive(kept, message.decodedBytes ?? 0);
    result.receive(message);
    if (this.#bytes > this.#options.maxBytes) this.#dropUntilItFits(kept);
  }

  /** The broker has a call. */
  confirm(kept: KeptResult): void {
    kept.unconfirmedCalls--;
    kept.isConfirmed = true;
  }

  /** The broker may not have a call: its result is forgotten, unless another call stands behind it. */
  abandon(kept: KeptResult): void {
    kept.unconfirmedCalls--;
    if (kept.isConfirmed || kept.unconfirmedCalls > 0) return;
    const { result } = kept;
    if (this.#kept.get(result.id) === kept) {
      this.#kept.delete(result.id);
      this.#leave(kept);
    }
    result.lose(new BackendError(`task ${result.id}: the broker has not confirmed the call; send it again`));
  }

  /** No result will come any more: whoever waits is told. */
  loseAll(reason: string): void {
    for (const { result } of this.#kept.values())
      result.lose(new BackendError(`task ${result.id}: ${reason}`));
    this.#kept.clear();
    this.#arrived.clear();
    this.#bytes = 0;
  }

  #dropOld(now: number): void {
    const { maxSize, expiresMs } = this.#options;
    for (let looks = 0; looks < maxLooks; looks++) {
      const kept = this.#peek();
      if (kept === undefined) return;
      const isExpired = now - kept.sentMs >= expiresMs;
      if (!isExpired && this.#kept.size <= maxSize) return;
      this.#oldest = undefined;
      if (isInUse(kept)) {
        this.#kept.delete(kept.result.id);
        this.#kept.set(kept.result.id, kept); // its turn comes again
      } else this.#drop(kept, this.#why(isExpired));
    }
  }

  /** Drops those that came first until the others have room. Those to come take none; the one that has just come is kept. */
  #dropUntilItFits(latest: KeptResult): void {
    const { logger, maxBytes } = this.#options;
    if (!this.#wasFullTold)
      logger.warn(
        { results: this.#arrived.size, maxBytes },
        'results take more memory than they may: those that came first are forgotten',
      );
    this.#wasFullTold = true;
    for (const kept of this.#arrived) {
      if (this.#bytes <= maxBytes) return;
      if (kept !== latest && !isInUse(kept))
        this.#drop(kept, `results took more than ${maxBytes} bytes (resultCacheMaxBytes)`);
    }
  }

  #drop(kept: KeptResult, why: string): void {
    this.#kept.delete(kept.result.id);
    this.#leave(kept);
    kept.result.lose(new BackendError(`the result of task ${kept.result.id} was dropped: ${why}`));
  }

  #why(isExpired: boolean): string {
    const { maxSize, expiresMs } = this.#options;
    return isExpired
      ? `it is older than ${expiresMs} ms (resultExpiresMs)`
      : `more than ${maxSize} results were kept (resultCacheMax)`;
  }

  #arrive(kept: KeptResult, bytes: number): void {
    kept.bytes = bytes;
    this.#bytes += bytes;
    this.#arrived.add(kept);
  }

  /** Takes its state out of the sum. */
  #leave(kept: KeptResult): void {
    if (this.#arrived.delete(kept)) this.#bytes -= kept.bytes;
  }

  /** The oldest result that is still kept, or that was moved to the end least recently. */
  #peek(): KeptResult | undefined {
    while (this.#oldest === undefined || this.#kept.get(this.#oldest.result.id) !== this.#oldest) {
      const next = this.#oldestFirst.next();
      if (next.done === true) {
        // an iterator that came to the end stays there
        this.#oldestFirst = this.#kept.values();
        this.#oldest = undefined;
        return undefined;
      }
      this.#oldest = next.value;
    }
    return this.#oldest;
  }
}

function newResult(id: string, name: string, isIgnored: boolean): KeptResult {
  return {
    result: new AsyncResult(id, name, isIgnored),
    sentMs: 0,
    unconfirmedCalls: 0,
    isConfirmed: false,
    bytes: 0,
  };
}

/** Someone waits for it, or its call is under way. */
function isInUse({ result, unconfirmedCalls }: KeptResult): boolean {
  return result.isAwaited || unconfirmedCalls > 0;
}

function canShare(result: AsyncResult, name: string): boolean {
  return !result.isReady && !result.isIgnored && result.name === name;
}
