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
  type CompressionName,
  type OpenedTask,
  type ResultMessage,
} from '@celeriac/protocol';
import type { ResultStore } from '@celeriac/result-backend';
import { TimeLimitExceeded, type Reject, type Retry } from '@celeriac/task-registry';
import type { CallPublisher } from './call-publisher.ts';
import type { FollowUps } from './follow-ups.ts';
import { isExpectedError } from '../pools/outcome-wire.ts';
import type { WorkerLostError } from '../pools/worker-lost-error.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import {
  acknowledge,
  failureSettlement,
  rejectForGood,
  requeue,
  settleOnce,
  timeoutSettlement,
  type Settlement,
} from './settlement.ts';
import { noTaskCounts, type TaskCounts } from './task-counts.ts';
import { TaskRetries } from './task-retries.ts';
import { TaskSequel } from './task-sequel.ts';
import type { TaskSignals } from '../task-signals.ts';
import { encodeError, TaskStates } from './task-states.ts';

export interface TaskOutcomesOptions {
  readonly store: ResultStore;
  readonly followUps: FollowUps;
  readonly publisher: CallPublisher;
  readonly signals: TaskSignals;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeName: string;
  /** `result_extended`: states tell about the call as well. */
  readonly isExtended: boolean;
  /** Longest traceback of an error that is stored, in characters; its arguments have a quarter of it. */
  readonly maxErrorText: number;
  /** `gen<pid>@<host>`. */
  readonly origin: string;
  /** `task_compression`, of retries. */
  readonly compression: CompressionName | undefined;
}

/** Why a task is not run, or not run to its end. */
export type RevokedReason = 'expired' | 'revoked' | 'terminated';

/** What a task leads to is waited for this long when the worker closes, in ms, as results are. */
const drainMs = 5000;

export class TaskOutcomes {
  readonly counts: TaskCounts = noTaskCounts();
  readonly #options: TaskOutcomesOptions;
  readonly #states: TaskStates;
  readonly #sequel: TaskSequel;
  readonly #retries: TaskRetries;
  /** Ends of tasks that others follow. */
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: TaskOutcomesOptions) {
    this.#options = options;
    this.#states = new TaskStates(options);
    this.#sequel = new TaskSequel({ ...options, states: this.#states });
    this.#retries = new TaskRetries({ ...options, states: this.#states });
  }

  /**
   * The task is about to run. Acknowledges it now unless that is to be late.
   *
   * @param pid process that runs it
   */
  started(received: ReceivedTask, pid: number): void {
    const { policy, delivery } = received;
    if (!policy.acksLate) delivery.ack();
    if (policy.trackStarted) this.progressed(received, 'STARTED', { pid, hostname: this.#options.nodeName });
  }

  /** Whether what the task returns goes anywhere: into its result, or to what follows it. */
  isResultWanted(received: ReceivedTask): boolean {
    return !this.#states.isIgnored(received) || !isEmptyEmbed(received.body.embed);
  }

  /** The task goes on, in a state that is to be known. */
  progressed(received: ReceivedTask, state: string, meta: unknown): void {
    this.#states.tell(received, this.#states.ofProgress(received, state, meta));
  }

  succeeded(received: ReceivedTask, value: unknown): void {
    if (!isEmptyEmbed(received.body.embed)) {
      this.#track(received, this.#succeedThenFollow(received, value));
      return;
    }
    if (this.#states.isIgnored(received)) {
      settleOnce(received.delivery, acknowledge);
      this.#countSuccess(received, value);
      return;
    }
    try {
      const state = this.#states.of(received, 'SUCCESS', received.task.encodeResult(value));
      this.#states.store(received.delivery, received.opened, state, acknowledge);
    } catch (error) {
      this.failed(received, encodeError(coerceError(error).message, error));
      return;
    }
    this.#countSuccess(received, value);
  }

  failed(received: ReceivedTask, error: unknown): void {
    const { policy, opened } = received;
    const isExpected = policy.isExpected(error) || isExpectedError(error);
    this.#fail(received, error, failureSettlement(policy));
    const fields = { taskId: opened.id, task: opened.name, err: error };
    if (isExpected) this.#options.logger.info(fields, 'task failed as expected');
    else this.#options.logger.warn(fields, 'task failed');
  }

  /** It ran into its hard limit. */
  timedOut(received: ReceivedTask, limitMs: number): void {
    const { opened, policy } = received;
    const fields = { taskId: opened.id, task: opened.name, limitMs };
    this.#options.logger.error(fields, 'task ended at its hard time limit');
    this.#fail(received, new TimeLimitExceeded(limitMs / 1000), timeoutSettlement(policy));
  }

  /**
   * What ran it ended. With late acknowledgement it goes back to the queue, if its options say so.
   *
   * [WORKER-LOST] Source: Celery 5.7.0, celery/worker/request.py `on_failure`; recorded worker-late-acks-and-serializers:
   * `worker_lost_late_default`, `worker_lost_reject_on_worker_lost`.
   *
   * @returns whether it goes back
   */
  workerLost(received: ReceivedTask, error: WorkerLostError): boolean {
    const { opened, policy, delivery } = received;
    const isReturned = policy.acksLate && policy.rejectOnWorkerLost;
    const fields = { taskId: opened.id, task: opened.name, reason: error.message, isReturned };
    this.#options.logger.error(fields, 'what ran a task was lost');
    if (!isReturned) {
      this.#fail(received, error, failureSettlement(policy));
      return false;
    }
    this.#options.signals.messageRejected(received, { requeue: true });
    settleOnce(delivery, requeue);
    return true;
  }

  /**
   * It was running too often when a worker died, and is not started again: the caller gets a FAILURE, the message goes to
   * the dead-letter exchange if there is one.
   *
   * @param onSettled called when the message is rejected
   */
  givenUp(received: ReceivedTask, error: WorkerLostError, onSettled: () => void): void {
    this.#fail(received, error, (delivery) => {
      rejectForGood(delivery);
      onSettled();
    });
  }

  retried(received: ReceivedTask, retry: Retry): void {
    this.#track(received, this.#retry(received, retry));
  }

  /** The task wants nothing stored. */
  ignored(received: ReceivedTask): void {
    this.counts.ignored++;
    settleOnce(received.delivery, acknowledge);
  }

  /**
   * The task rejects its message.
   *
   * [WORKER-REJECT] Source: Celery 5.7.0, celery/worker/request.py `on_failure`; recorded worker-rpc: `reject_no_requeue`,
   * worker-late-acks-and-serializers: `reject_late`, `reject_late_requeue`.
   */
  rejected(received: ReceivedTask, reject: Reject): void {
    this.counts.rejected++;
    const { id, name } = received.opened;
    this.#options.logger.warn({ taskId: id, task: name, reason: reject.message }, 'task rejected');
    this.#options.signals.rejectedByTask(received, reject);
    if (reject.requeue) {
      settleOnce(received.delivery, requeue);
      return;
    }
    const { reason } = reject;
    const error = new PythonError('Reject', [reason, false], { excModule: 'celery.exceptions' });
    this.#store(received, { ...this.#states.ofFailure(received, error), traceback: null }, rejectForGood);
  }

  /** It is not to run, or not to its end. */
  revoked(received: ReceivedTask, reason: RevokedReason): void {
    this.counts.revoked++;
    const { id, name } = received.opened;
    this.#options.logger.info({ taskId: id, task: name, reason }, 'task revoked');
    const exception = new PythonError('TaskRevokedError', [reason], { excModule: 'celery.exceptions' });
    this.#store(received, this.#states.of(received, 'REVOKED', encodeException(exception)), acknowledge);
    const how = { terminated: reason === 'terminated', expired: reason === 'expired' };
    this.#options.signals.revoked(received, how);
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

  /**
   * Handling a task threw, before its state was stored: a fault of ours, or of what the task's program has a hand in. The task
   * fails with it. Never throws.
   */
  notHandled(received: ReceivedTask, thrown: unknown): void {
    const error = coerceError(thrown);
    const { id, name } = received.opened;
    this.#options.logger.error({ taskId: id, task: name, err: error }, 'outcome of a task not handled');
    this.#options.signals.internalError(received, error);
    try {
      this.#fail(received, error, failureSettlement(received.policy));
    } catch (again) {
      this.#giveUp(received, again);
    }
  }

  /** Waits a while for tasks that have ended and whose callbacks, next steps, errbacks or retries are still under way. */
  async close(): Promise<void> {
    if (this.#underWay.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, drainMs)));
      await Promise.race([this.#ended(), late]);
      clearTimeout(timer);
    }
    await this.#options.publisher.close();
  }

  async #ended(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay); // a success may turn into a failure, which is one more
  }

  async #succeedThenFollow(received: ReceivedTask, value: unknown): Promise<void> {
    const failure = await this.#sequel.succeeded(received, value);
    if (failure === undefined) this.#countSuccess(received, value);
    else this.failed(received, failure);
  }

  async #retry(received: ReceivedTask, retry: Retry): Promise<void> {
    const outcome = await this.#retries.retried(received, retry);
    if (outcome.kind === 'failed') {
      this.failed(received, outcome.error);
      return;
    }
    this.counts.retried++;
    this.#options.signals.retried(received, retry);
  }

  #countSuccess(received: ReceivedTask, value: unknown): void {
    this.counts.succeeded++;
    this.#options.signals.succeeded(received, value);
  }

  #fail(received: ReceivedTask, error: unknown, settlement: Settlement): void {
    this.counts.failed++;
    if (settlement !== acknowledge)
      this.#options.signals.messageRejected(received, { requeue: settlement === requeue });
    if (!isEmptyEmbed(received.body.embed))
      this.#track(received, this.#sequel.failed(received, error, settlement), this.#giveUp);
    else this.#store(received, this.#states.ofFailure(received, error), settlement);
    this.#options.signals.failed(received, error);
  }

  /** Stores a state that is an exception, where those are stored, and settles. */
  #store(received: ReceivedTask, state: ResultMessage, settlement: Settlement): void {
    const { delivery, opened } = received;
    if (this.#states.areErrorsStored(received)) this.#states.store(delivery, opened, state, settlement);
    else settleOnce(delivery, settlement);
  }

  /** Handling the failure of a task threw as well: its message is dead-lettered, without what should have followed. */
  readonly #giveUp = (received: ReceivedTask, thrown: unknown): void => {
    const { id, name } = received.opened;
    const reason = coerceError(thrown).message;
    this.#options.logger.error({ taskId: id, task: name, reason }, 'failure of a task not handled');
    try {
      const error = new PythonError('Exception', [`the failure of the task could not be handled: ${reason}`]);
      this.#store(received, this.#states.ofFailure(received, error), rejectForGood);
    } catch {
      settleOnce(received.delivery, rejectForGood); // its caller cannot be told, which the line above says
    }
  };

  /** Sees to it that nothing is lost sight of. */
  #track(
    received: ReceivedTask,
    end: Promise<void>,
    onFault = (task: ReceivedTask, thrown: unknown): void => {
      this.notHandled(task, thrown);
    },
  ): void {
    const tracked = end
      .catch((thrown: unknown) => {
        onFault(received, thrown);
      })
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}
