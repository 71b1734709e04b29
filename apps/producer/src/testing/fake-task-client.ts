import type { ApplyOptions } from '@celeriac/client';
import type { CallForm, TaskClient, TaskFailure, TaskResult } from '../task-client.ts';

/** One call as a route handed it to the client. */
export interface SentCall {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: ApplyOptions;
  /** Absent where the route gave none. */
  readonly form?: CallForm;
}

/** A task whose worker is the test. */
export class FakeTaskResult implements TaskResult {
  readonly id: string;
  readonly name: string;
  state = 'PENDING';
  isReady = false;
  result: unknown = undefined;
  error: TaskFailure | undefined = undefined;
  /** Waits that have begun and not ended. */
  waiting = 0;
  /** Longest wait that was asked for, in ms. */
  longestWaitMs = 0;
  readonly #wakeups = new Set<() => void>();

  constructor(id: string, name: string) {
    this.id = id;
    this.name = name;
  }

  succeed(result: unknown): this {
    return this.#settle('SUCCESS', result, undefined);
  }

  fail(error: TaskFailure): this {
    return this.#settle('FAILURE', undefined, error);
  }

  async wait(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    this.waiting++;
    this.longestWaitMs = Math.max(this.longestWaitMs, timeoutMs);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#wakeups.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
    this.waiting--;
    return this.isReady;
  }

  #settle(state: string, result: unknown, error: TaskFailure | undefined): this {
    Object.assign(this, { state, result, error, isReady: true });
    for (const wake of this.#wakeups) wake();
    return this;
  }
}

/** Remembers what is published, and fails or holds publishes as the test says. */
export class FakeTaskClient implements TaskClient {
  isConnected = true;
  readonly sent: SentCall[] = [];
  readonly results = new Map<string, FakeTaskResult>();
  /** Publishes that are not confirmed yet, and the most there have been at a time. */
  unconfirmed = 0;
  mostUnconfirmed = 0;
  /** Called for every publish, with its number from 1; an error it throws rejects the publish. Confirms at once by default. */
  broker: (publish: number, call: SentCall) => void | Promise<void> = () => undefined;

  async sendTask(
    name: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
    options: ApplyOptions = {},
    form?: CallForm,
  ): Promise<TaskResult> {
    const call: SentCall = { name, args, kwargs, options, ...(form === undefined ? {} : { form }) };
    this.sent.push(call);
    this.unconfirmed++;
    this.mostUnconfirmed = Math.max(this.mostUnconfirmed, this.unconfirmed);
    try {
      await this.broker(this.sent.length, call);
    } finally {
      this.unconfirmed--;
    }
    const result = new FakeTaskResult(options.taskId ?? `task-${this.sent.length}`, name);
    return form?.keepResult === false ? result : this.remember(result);
  }

  /** As new: connected, nothing sent, every publish confirmed at once. */
  reset(): void {
    this.isConnected = true;
    this.sent.length = 0;
    this.results.clear();
    this.unconfirmed = 0;
    this.mostUnconfirmed = 0;
    this.broker = () => undefined;
  }

  findResult(taskId: string): FakeTaskResult | undefined {
    return this.results.get(taskId);
  }

  forgetResult(taskId: string): void {
    this.results.delete(taskId);
  }

  remember(result: FakeTaskResult): FakeTaskResult {
    this.results.set(result.id, result);
    return result;
  }
}
