import { float, parseJson, PythonFloat, writeJson, type TaskRequest } from '@celeriac/protocol';
import { LimitedSet, type LimitedSetOptions } from './limited-set.ts';

/** Celery's `REVOKES_MAX` and `REVOKE_EXPIRES`. */
const defaultLimits: LimitedSetOptions = { max: 50_000, expiresMs: 10_800_000 };

/** A stamp: the name of a stamped header and one value of it. */
export type Stamp = readonly [header: string, value: string | number | bigint];

/**
 * Tasks that must not run: their ids, and the stamps by which tasks are revoked.
 *
 * Both are limited alike; Celery's stamps are not, and grow for ever.
 *
 * [WORKER-REVOKED-SET] Source: Celery 5.7.0, celery/worker/state.py `revoked`, `revoked_stamps`, `merge_revoked`,
 * celery/worker/request.py `revoked`, celery/worker/control.py `revoke_by_stamped_headers`.
 */
export class RevokedTasks {
  readonly #ids: LimitedSet;
  /** As JSON, so that a pair is one key. */
  readonly #stamps: LimitedSet;
  #onChange: () => void = () => undefined;

  /** @param limits default 50 000 ids and as many stamps, of 3 hours when there are as many */
  constructor(limits: LimitedSetOptions = defaultLimits) {
    this.#ids = new LimitedSet(limits);
    this.#stamps = new LimitedSet(limits);
  }

  /** Ids and stamps; 0 while nothing is revoked. */
  get size(): number {
    return this.#ids.size + this.#stamps.size;
  }

  /** Revokes tasks by id. Of a peer's or a file's ids this is the way too: they are dated anew, as clocks differ. */
  add(ids: Iterable<string>): void {
    for (const id of ids) this.#ids.add(id);
    this.#onChange();
  }

  /**
   * Revokes the tasks that have one of these stamps: for each header a value, or a list of them. Values that are neither
   * text nor number are passed over.
   */
  addStampedHeaders(headers: Readonly<Record<string, unknown>>): void {
    for (const [header, values] of Object.entries(headers)) {
      for (const key of stampKeys(header, values)) this.#stamps.add(key);
    }
    this.#onChange();
  }

  isRevoked({ id, stampedHeaders, stamps }: Pick<TaskRequest, 'id' | 'stampedHeaders' | 'stamps'>): boolean {
    if (this.#ids.has(id)) return true;
    if (this.#stamps.size === 0) return false;
    return stampedHeaders.some((header) =>
      stampKeys(header, Object.hasOwn(stamps, header) ? stamps[header] : null).some((key) =>
        this.#stamps.has(key),
      ),
    );
  }

  /** Revoked ids, oldest first. */
  ids(): IterableIterator<string> {
    return this.#ids.keys();
  }

  /** Revoked stamps, oldest first. */
  stamps(): readonly Stamp[] {
    return Array.from(this.#stamps.keys(), (key) => parseJson(key) as Stamp); // written by stampKeys
  }

  /**
   * The ids as a reply to `hello` has them: id → `[seconds, id]`. The seconds are floats on the wire, as workers before
   * 5.7 refuse any other number.
   */
  toWire(): Readonly<Record<string, readonly [PythonFloat, string]>> {
    return Object.fromEntries(Array.from(this.#ids.entries(), ([id, added]) => [id, [float(added), id]]));
  }

  /** Calls `listener` after each addition, in place of the one before. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }
}

function stampKeys(header: string, values: unknown): readonly string[] {
  const keys: string[] = [];
  for (const value of Array.isArray(values) ? (values as unknown[]) : [values]) {
    const comparable = comparableOf(value);
    if (comparable !== undefined) keys.push(writeJson([header, comparable]));
  }
  return keys;
}

/** Values that are equal in Python are the same here: 1, 1.0 and true. */
function comparableOf(value: unknown): Stamp[1] | undefined {
  if (value instanceof PythonFloat) return value.value;
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? value
    : undefined;
}
