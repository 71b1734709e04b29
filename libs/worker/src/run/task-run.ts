/**
 * One run of a task, on the worker's event loop or in its pool.
 *
 * ```
 * start ─▶ ended in this turn ──────────────────────────────▶ over
 *    └───▶ goes on ─▶ returned or threw ────────────────────▶ over
 *              ├─ soft limit: its signal is aborted; it goes on
 *              └─ hard limit, terminated, cancelled: in a pool its thread or process is killed, on the event loop
 *                 it is told to stop and no longer listened to ─▶ over
 * ```
 *
 * What an abandoned run on the event loop does afterwards has no effect on its task any more.
 *
 * [WORKER-TIME-LIMITS] Source: Celery 5.7.0, celery/worker/request.py `execute_using_pool`, `time_limits`: the message's
 * limits win over the task's.
 */
import type { Delivery } from '@celeriac/amqp-transport';
import type { Clock, Logger } from '@celeriac/primitives';
import { PythonError } from '@celeriac/protocol';
import {
  Ignore,
  Reject,
  Retry,
  SoftTimeLimitExceeded,
  TaskPredicate,
  TimeLimitExceeded,
} from '@celeriac/task-registry';
import type { ActiveRuns } from './active-runs.ts';
import type { ExecutionPool, PoolRun } from '../pools/execution-pool.ts';
import { WorkerLostError } from '../pools/worker-lost-error.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import { coerceThrown } from './coerce-thrown.ts';
import { deliveryInfoOf, RunContext, type RunHost } from './run-context.ts';
import { runTask } from './run-task.ts';
import { RunTimer } from './run-timer.ts';
import type { TaskOutcomes } from '../settle/task-outcomes.ts';
import { publishTaskPostrun } from './task-postrun.ts';
import type { TaskSignals } from '../task-signals.ts';
import type { TaskPostrun } from '../worker-signals.ts';

export interface TaskRunServices {
  readonly outcomes: TaskOutcomes;
  readonly signals: TaskSignals;
  readonly active: ActiveRuns;
  /** Where tasks run; undefined: on the event loop. */
  readonly pool: ExecutionPool | undefined;
  readonly nodeName: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Why a run is ended from outside. */
type Verdict =
  | { readonly kind: 'timed-out'; readonly limitMs: number }
  | { readonly kind: 'terminated' }
  /** Its delivery is left as it is, for the broker to give out again. */
  | { readonly kind: 'abandoned' };

/** How a run ended, as far as its message comes again for it: its thread or process died, or it was given up here. */
export type RunEnd = 'worker-lost' | 'abandoned';

/** A run that was started; `over` is undefined when it ended in the same turn. */
export interface StartedRun {
  readonly run: TaskRun;
  readonly over: Promise<void> | undefined;
}

export class TaskRun implements RunHost {
  readonly received: ReceivedTask;
  /** Set when it is over; undefined when the run ended by itself or at a limit. */
  end: RunEnd | undefined;
  readonly #services: TaskRunServices;
  #context: RunContext | undefined;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  #timer: RunTimer | undefined;
  #poolRun: PoolRun | undefined;
  #verdict: Verdict | undefined;
  #isOver = false;
  #release: () => void = () => undefined;

  constructor(received: ReceivedTask, services: TaskRunServices) {
    this.received = received;
    this.#services = services;
    received.startedAt = services.clock.now();
  }

  get id(): string {
    return this.received.opened.id;
  }

  get nodeName(): string {
    return this.#services.nodeName;
  }

  get logger(): Logger {
    return this.#services.logger;
  }

  /** Process that runs it. */
  get pid(): number {
    return this.#poolRun?.pid ?? process.pid;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  updateState(state: string, meta: unknown): void {
    if (!this.#isOver) this.#services.outcomes.progressed(this.received, state, meta);
  }

  /**
   * Starts it; undefined when it is over already, so that a task that does not wait costs no promise. Never throws; the
   * promise never rejects and resolves when its place is free again.
   */
  start(): Promise<void> | undefined {
    const { received } = this;
    const { pool, outcomes, active, signals } = this.#services;
    let value: unknown;
    signals.prerun(received);
    try {
      if (pool === undefined) {
        outcomes.started(received, process.pid);
        value = active.trace.isStarted
          ? active.trace.call(this, () => runTask(received, this.#contextOf))
          : runTask(received, this.#contextOf);
        if (!isPromise(value)) {
          this.#returned(value);
          return undefined;
        }
      } else {
        value = this.#runIn(pool);
      }
      listen(Promise.resolve(value), this.#returned, this.#threw);
    } catch (error) {
      this.#threw(error);
      return undefined;
    }
    active.add(this);
    this.#timer = RunTimer.start(received, this);
    return new Promise((resolve) => (this.#release = resolve));
  }

  /** Aborts the signal of the task's context; the task decides what to make of it. */
  abort(reason: Error): void {
    if (this.#isOver || this.#abortReason !== undefined) return;
    this.#abortReason = reason;
    this.#poolRun?.abort(reason);
    this.#controller?.abort(reason);
  }

  softLimitReached(limitMs: number): void {
    const { id, name } = this.received.opened;
    this.logger.warn({ taskId: id, task: name, limitMs }, 'task reached its soft time limit');
    this.abort(new SoftTimeLimitExceeded());
  }

  hardLimitReached(limitMs: number): void {
    this.#endBy({ kind: 'timed-out', limitMs }, new TimeLimitExceeded(limitMs / 1000));
  }

  /** It was revoked while it runs. */
  terminate(): void {
    this.#endBy({ kind: 'terminated' }, new Error(`task ${this.id} was terminated`));
  }

  /** A callback of its task threw where nothing catches: the task fails, as it may wait for that callback for ever. */
  strayed(error: Error): void {
    if (this.#isOver) return;
    this.abort(error);
    this.#threw(error);
  }

  /** Takes over the message that was delivered again; false when the run has one that can still be settled. */
  adopt(delivery: Delivery): boolean {
    if (!this.received.delivery.isLost || this.#isOver) return false;
    this.received.delivery = delivery;
    return true;
  }

  /** Ends it without a result; its message goes back to the broker with its channel, or has gone. */
  abandon(reason: Error): void {
    this.#endBy({ kind: 'abandoned' }, reason);
  }

  readonly #contextOf = (): RunContext => (this.#context ??= new RunContext(this.received, this));

  #runIn(pool: ExecutionPool): Promise<unknown> {
    const { delivery } = this.received;
    const { properties, headers, body } = delivery;
    this.#poolRun = pool.run(
      {
        id: this.id,
        message: { properties, headers, body },
        deliveryInfo: deliveryInfoOf(delivery),
        isResultWanted: this.#services.outcomes.isResultWanted(this.received),
      },
      {
        onUpdateState: (state, meta) => {
          this.updateState(state, meta);
        },
      },
    );
    this.#services.outcomes.started(this.received, this.#poolRun.pid);
    return this.#poolRun.result;
  }

  #endBy(verdict: Verdict, reason: Error): void {
    if (this.#isOver || this.#verdict !== undefined) return;
    this.#verdict = verdict;
    this.abort(reason);
    if (this.#poolRun === undefined) this.#conclude(verdict);
    else this.#poolRun.kill(); // its result then rejects, unless it came first
  }

  readonly #returned = (value: unknown): void => {
    if (this.#isOver) return;
    const { received } = this;
    this.#tellPostrun('SUCCESS', value);
    this.#over(() => {
      try {
        this.#services.outcomes.succeeded(received, value);
      } catch (error) {
        this.#services.outcomes.failed(received, error);
      }
    });
  };

  readonly #threw = (thrown: unknown): void => {
    if (this.#isOver) return;
    if (this.#verdict !== undefined) {
      this.#conclude(this.#verdict);
      return;
    }
    const error = coerceThrown(thrown);
    const cause = this.#isOfAbort(error) ? this.#abortReason : error;
    this.#tellPostrun(postrunState(cause), cause);
    this.#over(() => {
      this.#handle(cause);
    });
  };

  #handle(error: unknown): void {
    const { received } = this;
    const { outcomes } = this.#services;
    if (error instanceof Retry) outcomes.retried(received, error);
    else if (error instanceof Reject) outcomes.rejected(received, error);
    else if (error instanceof Ignore) outcomes.ignored(received);
    else if (error instanceof WorkerLostError) {
      this.end = outcomes.workerLost(received, error) ? 'worker-lost' : undefined;
    } else outcomes.failed(received, error);
  }

  #conclude(verdict: Verdict): void {
    const { received } = this;
    const { outcomes } = this.#services;
    this.#over(() => {
      if (verdict.kind === 'timed-out') outcomes.timedOut(received, verdict.limitMs);
      else if (verdict.kind === 'terminated') outcomes.revoked(received, 'terminated');
      else this.end = 'abandoned';
    });
  }

  /** Whether a task threw because its soft limit was reached: the reason itself, or what a call that heeds a signal makes of it. */
  #isOfAbort(error: unknown): boolean {
    if (!(this.#abortReason instanceof SoftTimeLimitExceeded)) return false;
    return error === this.#abortReason || isAbortError(error);
  }

  #over(handle: () => void): void {
    this.#isOver = true;
    this.#timer?.stop();
    this.#services.active.delete(this);
    this.#services.active.lastEnded = this.received.opened.name;
    try {
      handle();
    } catch (error) {
      this.#services.outcomes.notHandled(this.received, error);
    }
    this.#release();
  }

  #tellPostrun(state: TaskPostrun['state'], retval: unknown): void {
    publishTaskPostrun(this.received, state, retval);
    this.#services.signals.postrun(this.received, state, retval);
  }
}

function postrunState(error: unknown): TaskPostrun['state'] {
  if (!(error instanceof TaskPredicate)) return 'FAILURE';
  if (error instanceof Retry) return 'RETRY';
  return error instanceof Ignore ? 'IGNORED' : 'REJECTED';
}

/** By its name, as `DOMException`, Node's own class and those of libraries have nothing else in common. */
function isAbortError(error: unknown): boolean {
  if (error instanceof PythonError) return error.excType === 'AbortError'; // it came from the pool
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
}

/** @throws whatever looking at it throws */
function isPromise(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return 'then' in value && typeof value.then === 'function';
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with a promise below
const { then } = Promise.prototype;

/**
 * Has a promise call back, never in this turn: a `then` that the task has put on its promise might.
 *
 * @throws whatever its `constructor` throws; it calls nobody back then
 */
function listen(
  promise: Promise<unknown>,
  onValue: (value: unknown) => void,
  onError: (error: unknown) => void,
): void {
  void then.call(promise, onValue, onError);
}
