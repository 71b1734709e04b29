import type { OperationalError } from '@celeriac/amqp-transport';
import type { ResultMessage } from '@celeriac/protocol';

/** Whose result it is: where the caller waits, and under which correlation id. */
export interface ResultTarget {
  /** The caller's reply queue; undefined when nobody waits. */
  readonly replyTo: string | undefined;
  readonly correlationId: string;
}

/** Called once: with no argument when the state is stored, else with why it is not. */
export type OnStored = (error?: OperationalError) => void;

/** The worker's side of a result backend. */
export interface ResultStore {
  /** Begins to connect, so that the first result need not wait for that. May be called twice. */
  open(): void;

  /**
   * Whether a state could be stored as far as its value goes, for whoever must know before it acts on a success.
   *
   * @throws EncodeError when it cannot be serialized
   */
  assertWritable(result: ResultMessage): void;

  /**
   * Stores a state of a task. The outcome comes through the callback, except for a value that cannot be written.
   *
   * @throws EncodeError when the result cannot be serialized; nothing has been stored
   */
  store(target: ResultTarget, result: ResultMessage, onStored: OnStored): void;

  /** Waits a while for what is under way, then gives it up. May be called twice. */
  close(): Promise<void>;
}
