/**
 * The end of a task: its state is stored, then its delivery is settled.
 *
 * [WORKER-SETTLE] Source: Celery 5.7.0, celery/worker/request.py `on_success`, `on_failure`, `acknowledge`; table in
 * docs/protocol.md. With late acknowledgement (the default here) the delivery is acknowledged when the broker has
 * confirmed the result; if it never does, the delivery stays unsettled and the broker gives the task to another worker.
 */
import type { Delivery } from '@celeriac/amqp-transport';
import { coerceError, type Clock, type Logger } from '@celeriac/primitives';
import {
  encodeException,
  isEmptyEmbed,
  PythonError,
  type OpenedTask,
  type ResultMessage,
} from '@celeriac/protocol';
import type { ResultStore } from '@celeriac/result-backend';
import type { FollowUps } from './follow-ups.ts';
import type { ReceivedTask } from './received-task.ts';
import { acknowledge, failureSettlement, rejectForGood, settleOnce } from './settlement.ts';
import { TaskSequel } from './task-sequel.ts';
import { encodeError, TaskStates } from './task-states.ts';
import type { WorkerSettings } from './worker-settings.ts';

export interface TaskOutcomesOptions {
  readonly store: ResultStore;
  readonly followUps: FollowUps;
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeName: string;
}

/** How many tasks ended how, since the worker started. */
export interface TaskCounts {
  succeeded: number;
  failed: number;
  revoked: number;
  refused: number;
}

/** What a task leads to is waited for this long when the worker closes, in ms, as results are. */
const drainMs = 5000;

export class TaskOutcomes {
  readonly counts: TaskCounts = { succeeded: 0, failed: 0, revoked: 0, refused: 0 };
  readonly #options: TaskOutcomesOptions;
  readonly #states: TaskStates;
  readonly #sequel: TaskSequel;
  /** Ends of tasks that others follow. */
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: TaskOutcomesOptions) {
    this.#options = options;
    this.#states = new TaskStates(options);
    this.#sequel = new TaskSequel({ ...options, states: this.#states });
  }

  /** The task is about to run. Acknowledges it now unless that is to be late. */
  started(received: ReceivedTask): void {
    const { settings, nodeName, logger, store } = this.#options;
    if (!settings.taskAcksLate) received.delivery.ack();
    if (!settings.taskTrackStarted || this.#states.isIgnored(received)) return;
    const state = this.#states.of(received, 'STARTED', { pid: process.pid, hostname: nodeName });
    store.store(received.opened, { ...state, dateDone: null }, (error) => {
      if (error !== undefined)
        logger.warn({ taskId: received.opened.id, reason: error.message }, 'STARTED not stored');
    });
  }

  succeeded(received: ReceivedTask, value: unknown): void {
    if (!isEmptyEmbed(received.body.embed)) {
      this.#track(received, this.#succeedThenFollow(received, value));
      return;
    }
    if (this.#states.isIgnored(received)) {
      this.counts.succeeded++;
      settleOnce(received.delivery, acknowledge);
      return;
    }
    try {
      const state = this.#states.of(received, 'SUCCESS', received.task.encodeResult(value));
      this.#states.store(received.delivery, received.opened, state, acknowledge);
    } catch (error) {
      this.failed(received, encodeError(coerceError(error).message, error));
      return;
    }
    this.counts.succeeded++;
  }

  failed(received: ReceivedTask, error: unknown): void {
    this.counts.failed++;
    const { settings, logger } = this.#options;
    const { delivery, opened } = received;
    const settlement = failureSettlement(settings);
    if (!isEmptyEmbed(received.body.embed)) this.#track(received, this.#sequel.failed(received, error));
    else if (!this.#states.areErrorsStored(received)) settleOnce(delivery, settlement);
    else this.#states.store(delivery, opened, this.#states.ofFailure(received, error), settlement);
    logger.warn({ taskId: opened.id, task: opened.name, err: error }, 'task failed');
  }

  /** It expired before it could start. */
  revoked(received: ReceivedTask, reason: 'expired'): void {
    this.counts.revoked++;
    const { id, name } = received.opened;
    this.#options.logger.info({ taskId: id, task: name, reason }, 'task revoked');
    const exception = new PythonError('TaskRevokedError', [reason], { excModule: 'celery.exceptions' });
    if (!this.#states.areErrorsStored(received)) {
      settleOnce(received.delivery, acknowledge);
      return;
    }
    this.#states.store(
      received.delivery,
      received.opened,
      this.#states.of(received, 'REVOKED', encodeException(exception)),
      acknowledge,
    );
  }

  /** It cannot be run here at all: whoever waits is told, the message goes to the dead-letter exchange if there is one. */
  refused(delivery: Delivery, opened: OpenedTask, error: PythonError): void {
    this.counts.refused++;
    const failure: ResultMessage = {
      taskId: opened.id,
      status: 'FAILURE',
      result: encodeException(error),
      traceback: null,
      children: [],
      dateDone: this.#states.now(),
    };
    this.#states.store(delivery, opened, failure, rejectForGood);
  }

  /** Waits a while for tasks that have ended and whose callbacks, next steps or errbacks are still under way. */
  async close(): Promise<void> {
    if (this.#underWay.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, drainMs)));
      await Promise.race([this.#ended(), late]);
      clearTimeout(timer);
    }
    await this.#options.followUps.close();
  }

  async #ended(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay); // a success may turn into a failure, which is one more
  }

  async #succeedThenFollow(received: ReceivedTask, value: unknown): Promise<void> {
    const failure = await this.#sequel.succeeded(received, value);
    if (failure === undefined) this.counts.succeeded++;
    else this.failed(received, failure);
  }

  /** Sees to it that nothing is lost sight of: what fails here is a fault of ours. */
  #track({ opened }: ReceivedTask, end: Promise<void>): void {
    const tracked = end
      .catch((error: unknown) => {
        const { id, name } = opened;
        const reason = coerceError(error).message;
        this.#options.logger.error({ taskId: id, task: name, reason }, 'outcome of a task not handled');
      })
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}
