import { coerceError, type Logger } from '@celeriac/primitives';
import { parseJson } from '@celeriac/protocol';
import type { ChildHandle } from './child-handle.ts';
import type { PoolRun, PoolRunEvents } from './execution-pool.ts';
import { decodeOutcome, type Outcome } from './outcome-wire.ts';
import type { Job, RunMessage, RunReport } from './pool-messages.ts';
import { exitStatus, WorkerLostError } from './worker-lost-error.ts';

export interface QueuedRunOptions {
  readonly job: Job;
  readonly events: PoolRunEvents;
  readonly logger: Logger;
  /** Called when it is to end at once; with what runs it, if anything does yet. */
  readonly onKill: (run: QueuedRun, child: ChildHandle | undefined) => void;
}

/**
 * A run of a pool: waiting for a child, with a child, or ended. It waits only while a thread or process that has ended is
 * being replaced.
 */
export class QueuedRun implements PoolRun {
  readonly job: Job;
  readonly result: Promise<unknown>;
  readonly #options: QueuedRunOptions;
  #child: ChildHandle | undefined;
  #reason: Error | undefined;
  #hasEnded = false;
  #resolve: (value: unknown) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(options: QueuedRunOptions) {
    this.job = options.job;
    this.#options = options;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get pid(): number {
    return this.#child?.pid ?? process.pid;
  }

  /** Has a child run it; its report is for {@link end}. Does not settle when the child ends first. */
  startOn(child: ChildHandle): Promise<RunReport> {
    this.#child = child;
    const running = child.run(this.job, this.#heard);
    if (this.#reason !== undefined) child.abort(this.job.number, this.#reason);
    return running;
  }

  /** It has ended by itself. */
  end(outcome: Outcome): void {
    this.#hasEnded = true;
    try {
      this.#resolve(decodeOutcome(outcome));
    } catch (error) {
      this.#reject(error);
    }
  }

  abort(reason: Error): void {
    this.#reason = reason;
    if (!this.#hasEnded) this.#child?.abort(this.job.number, reason);
  }

  kill(): void {
    if (!this.#hasEnded) this.#options.onKill(this, this.#child);
  }

  /** What was to run it is gone. @param status as {@link exitStatus} says it */
  lost(status = exitStatus(null, 'SIGKILL'), cause?: unknown): void {
    this.#hasEnded = true;
    this.#reject(new WorkerLostError(status, this.job.number, cause === undefined ? {} : { cause }));
  }

  readonly #heard = (message: RunMessage): void => {
    const { events, logger } = this.#options;
    if (message.type === 'log') {
      logger[message.level](message.fields, message.message);
      return;
    }
    try {
      events.onUpdateState(message.state, parseJson(message.meta, { floats: 'keep' }));
    } catch (error) {
      const fields = { job: this.job.number, reason: coerceError(error).message };
      logger.warn(fields, 'state of a task in the pool not stored');
    }
  };
}
