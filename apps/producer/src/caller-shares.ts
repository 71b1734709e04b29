import { isIPv6 } from 'node:net';

/** One result that is kept for a caller. */
interface Entry {
  readonly id: string;
  readonly caller: Caller;
}

/** The results of one caller, the oldest first: from `first` on. */
interface Caller {
  readonly name: string;
  entries: Entry[];
  first: number;
  count: number;
}

/**
 * Says whose result is forgotten when too many are kept: the oldest of the caller that has the most. So a caller that sends
 * many calls loses results of its own, and the results of others stay.
 *
 * Every operation takes the same time, however many callers there are.
 */
export class CallerShares {
  readonly #most: number;
  readonly #callers = new Map<string, Caller>();
  readonly #entries = new Map<string, Entry>();
  /** Callers by the number of their results. */
  readonly #byCount = new Map<number, Set<Caller>>();
  #largestCount = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Notes that the result of a call will be kept; returns the id of the one that must be forgotten for it. */
  add(name: string, id: string): string | undefined {
    this.remove(id);
    const forgotten = this.#entries.size >= this.#most ? this.#oldestOfLargest() : undefined;
    if (forgotten !== undefined) this.remove(forgotten.id);
    let caller = this.#callers.get(name);
    if (caller === undefined) {
      caller = { name, entries: [], first: 0, count: 0 };
      this.#callers.set(name, caller);
    }
    const entry: Entry = { id, caller };
    this.#entries.set(id, entry);
    caller.entries.push(entry);
    this.#setCount(caller, caller.count + 1);
    return forgotten?.id;
  }

  /** Notes that a result is no longer kept. */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    const { caller } = entry;
    this.#setCount(caller, caller.count - 1);
    if (caller.count === 0) this.#callers.delete(caller.name);
    else this.#skipRemoved(caller);
  }

  #oldestOfLargest(): Entry | undefined {
    const [largest] = this.#byCount.get(this.#largestCount) ?? [];
    return largest?.entries[largest.first];
  }

  #setCount(caller: Caller, count: number): void {
    const before = this.#byCount.get(caller.count);
    before?.delete(caller);
    if (before?.size === 0) this.#byCount.delete(caller.count);
    caller.count = count;
    if (count > 0) {
      const now = this.#byCount.get(count);
      if (now === undefined) this.#byCount.set(count, new Set([caller]));
      else now.add(caller);
    }
    // counts change by one, and so does the largest
    if (count > this.#largestCount) this.#largestCount = count;
    else if (!this.#byCount.has(this.#largestCount)) this.#largestCount = Math.max(this.#largestCount - 1, 0);
  }

  /** Makes the first entry one that is kept, and the list no longer than twice the entries that are. */
  #skipRemoved(caller: Caller): void {
    const isKept = (entry: Entry): boolean => this.#entries.get(entry.id) === entry;
    for (let entry = caller.entries[caller.first]; entry !== undefined && !isKept(entry);)
      entry = caller.entries[++caller.first];
    if (caller.entries.length > 2 * caller.count + 16) {
      caller.entries = caller.entries.filter(isKept);
      caller.first = 0;
    }
  }
}

/** The caller of an address: an IPv4 address, or the /64 of an IPv6 address, of which one host has as many as it likes. */
export function callerOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const bare = address.split('%', 1)[0] ?? '';
  return isIPv6(bare) ? networkOf(bare) : bare;
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(8 - before.length - after.length, 0);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
