import { coerceError, type Logger } from '@celeriac/primitives';
import type { ReceivedTask } from './received-task.ts';
import { RunContext } from './run-context.ts';
import { publishTaskPostrun } from './task-postrun.ts';
import type { TaskOutcomes } from './task-outcomes.ts';

export interface TaskRunnerOptions {
  readonly outcomes: TaskOutcomes;
  readonly nodeName: string;
  readonly logger: Logger;
  /** Aborted when what runs shall stop. */
  readonly signal: AbortSignal;
}

/** Runs tasks and hands on what came of them. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
  }

  /**
   * Runs one task. A task that ends without waiting is dealt with before this returns undefined, so that it costs no
   * promise. Never throws, never rejects.
   */
  readonly execute = (received: ReceivedTask): Promise<void> | undefined => {
    // the connection went while it waited for its turn: the broker delivers it again
    if (received.delivery.isLost) return undefined;
    try {
      this.#options.outcomes.started(received);
      const { args, kwargs } = received.body;
      const value = received.task.run(args, kwargs, () => this.#context(received));
      if (isPromise(value)) return this.#settleLater(received, value);
      this.#succeed(received, value);
    } catch (error) {
      this.#fail(received, error);
    }
    return undefined;
  };

  async #settleLater(received: ReceivedTask, running: PromiseLike<unknown>): Promise<void> {
    try {
      const value = await running;
      this.#succeed(received, value);
    } catch (error) {
      this.#fail(received, error);
    }
  }

  #succeed(received: ReceivedTask, value: unknown): void {
    publishTaskPostrun(received, 'SUCCESS', value);
    try {
      this.#options.outcomes.succeeded(received, value);
    } catch (error) {
      this.#handleFailure(received, error); // the run was told already
    }
  }

  #fail(received: ReceivedTask, error: unknown): void {
    publishTaskPostrun(received, 'FAILURE', error);
    this.#handleFailure(received, error);
  }

  #handleFailure(received: ReceivedTask, error: unknown): void {
    const { outcomes, logger } = this.#options;
    try {
      outcomes.failed(received, error);
    } catch (fatal) {
      const { id, name } = received.opened;
      logger.error(
        { taskId: id, task: name, reason: coerceError(fatal).message },
        'outcome of a task not handled',
      );
    }
  }

  #context(received: ReceivedTask): RunContext {
    return new RunContext(received, this.#options);
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
