import {
  decodeException,
  isReadyState,
  type RemoteException,
  type ResultMessage,
  type TaskState,
} from '@celeriac/protocol';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { BackendError, RemoteTaskError, TaskRevokedError, TaskTimeoutError } from './task-errors.ts';

export interface GetOptions {
  /** Longest wait, in ms; 0 looks whether the result is there already. Default Infinity: it waits for ever. */
  readonly timeoutMs?: number;
}

/** How a task failed, as the worker told it. */
export interface TaskFailure extends RemoteException {
  readonly traceback: string | null;
}

/** setTimeout takes at most this, in ms: 24 days. */
const longestTimerMs = 2 ** 31 - 1;

/** The result of a call, present or to come. States arrive by themselves; reading one costs no I/O. */
export class AsyncResult<T = unknown> {
  readonly id: string;
  /** The task's name. */
  readonly name: string;
  /** True when no result will be stored, as the call asked for or because the client has no result backend. */
  readonly isIgnored: boolean;
  #message: ResultMessage | undefined;
  #waiters: (() => void)[] = [];
  #lost: BackendError | undefined;

  constructor(id: string, name: string, isIgnored: boolean) {
    this.id = id;
    this.name = name;
    this.isIgnored = isIgnored;
  }

  /** `PENDING` until something is heard of the task. */
  get state(): TaskState {
    return this.#message?.status ?? 'PENDING';
  }

  /** True once the state is SUCCESS, FAILURE or REVOKED. */
  get isReady(): boolean {
    return isReadyState(this.state);
  }

  /** The value when the state is SUCCESS, what a custom state carries, else undefined. */
  get result(): unknown {
    return this.error === undefined ? this.#message?.result : undefined;
  }

  /** The exception when the state is FAILURE, REVOKED or RETRY, else undefined. */
  get error(): TaskFailure | undefined {
    const message = this.#message;
    if (message === undefined || !['FAILURE', 'REVOKED', 'RETRY'].includes(message.status)) return undefined;
    return { ...decodeException(message.result), traceback: message.traceback };
  }

  /** True while someone waits for this result. */
  get isAwaited(): boolean {
    return this.#waiters.length > 0;
  }

  /**
   * Waits for the task to end and gives its value.
   *
   * @throws RemoteTaskError when it failed
   * @throws TaskRevokedError when it was revoked or expired
   * @throws TaskTimeoutError when it has not ended in time
   * @throws BackendError when its result is not stored, or can no longer be had
   * @throws ImproperlyConfiguredError when `timeoutMs` is no number
   */
  async get(options: GetOptions = {}): Promise<T> {
    const { timeoutMs = Infinity } = options;
    if (this.isIgnored) {
      throw new BackendError(`task ${this.id} was sent with ignoreResult; there is no result to wait for`);
    }
    if (!(await this.wait(timeoutMs))) {
      if (this.#lost !== undefined) throw this.#lost;
      throw new TaskTimeoutError(this.id, timeoutMs);
    }
    const failure = this.error;
    if (failure === undefined) return this.#message?.result as T; // the caller's declaration says what T is
    if (this.state === 'REVOKED') throw new TaskRevokedError(this.id, failure.message);
    throw new RemoteTaskError(this.id, failure, failure.traceback);
  }

  /**
   * Waits until the task has ended, at most `timeoutMs` (default: for ever) or until `signal` aborts; gives whether it has.
   * Gives false at once when no result will come: it is not stored, or it has been dropped.
   *
   * @throws ImproperlyConfiguredError when `timeoutMs` is no number
   */
  async wait(timeoutMs = Infinity, signal?: AbortSignal): Promise<boolean> {
    if (Number.isNaN(timeoutMs))
      throw new ImproperlyConfiguredError('timeoutMs must be a number of ms, got NaN');
    if (!this.isReady && !this.isIgnored && this.#lost === undefined)
      await this.#nextChange(timeoutMs, signal);
    return isReadyState(this.state);
  }

  /** Takes a state that arrived; a final one is kept against whatever comes later, such as a duplicate. */
  receive(message: ResultMessage): void {
    if (this.isReady) return;
    this.#message = message;
    if (isReadyState(message.status)) this.#wake();
  }

  /** No state will come any more. */
  lose(error: BackendError): void {
    if (this.isReady) return;
    this.#lost ??= error;
    this.#wake();
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  /** Waits for the final state, the loss of the result, the end of the time, or the signal. */
  #nextChange(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiters = this.#waiters.filter((waiter) => waiter !== wake);
        wake();
      };
      const timer =
        timeoutMs === Infinity ? undefined : setTimeout(giveUp, Math.min(timeoutMs, longestTimerMs));
      this.#waiters.push(wake);
      signal?.addEventListener('abort', giveUp, { once: true });
      if (signal?.aborted === true) giveUp();
    });
  }
}
