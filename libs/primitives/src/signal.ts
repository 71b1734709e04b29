import { coerceError } from './coerce-error.ts';
import type { Logger } from './logger.ts';

/** What is called when a signal is sent. What it returns is not waited for; a promise that rejects is reported. */
export type Receiver<T> = (payload: T) => unknown;

/** Told what a receiver threw, or rejected with, and the name of the signal. */
export type ReceiverErrorHandler = (error: Error, signal: string) => void;

/**
 * One of Celery's signals: code that others connect is called when something happens.
 *
 * Source: Celery 5.7.0, celery/utils/dispatch/signal.py `Signal`. Receivers are held until they are disconnected, never
 * weakly, and there is no filter by sender: the payload says what it is about.
 *
 * @example
 * if (taskReceived.hasReceivers) taskReceived.send({ request }, onError);
 */
export class Signal<T> {
  /** Celery's name, such as `task_received`. */
  readonly name: string;
  /** True while anybody listens; ask it before building a payload. */
  hasReceivers = false;
  /** Replaced, never changed, so that a receiver may disconnect while the signal is being sent. */
  #receivers: readonly Receiver<T>[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /**
   * Calls `receiver` whenever the signal is sent, after those that were connected before. One that is connected already
   * stays as it is.
   *
   * @returns a function that disconnects it
   */
  connect(receiver: Receiver<T>): () => void {
    if (!this.#receivers.includes(receiver)) this.#setReceivers([...this.#receivers, receiver]);
    return () => {
      this.disconnect(receiver);
    };
  }

  /** False when it was not connected. */
  disconnect(receiver: Receiver<T>): boolean {
    const others = this.#receivers.filter((other) => other !== receiver);
    if (others.length === this.#receivers.length) return false;
    this.#setReceivers(others);
    return true;
  }

  /** Calls all receivers now, in the order of their connection. Never throws: what they do wrong goes to `onError`. */
  send(payload: T, onError: ReceiverErrorHandler): void {
    const report = (caught: unknown): void => {
      onError(coerceError(caught), this.name);
    };
    for (const receiver of this.#receivers) {
      try {
        const returned = receiver(payload);
        if (isThenable(returned)) void Promise.resolve(returned).catch(report);
      } catch (caught) {
        report(caught);
      }
    }
  }

  #setReceivers(receivers: readonly Receiver<T>[]): void {
    this.#receivers = receivers;
    this.hasReceivers = receivers.length > 0;
  }
}

/** Logs what a receiver does wrong, as Celery does. */
export function logReceiverErrors(logger: Logger): ReceiverErrorHandler {
  return (err, signal) => {
    logger.error({ err, signal }, 'receiver of a signal failed');
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
