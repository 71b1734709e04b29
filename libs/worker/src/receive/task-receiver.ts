/**
 * What becomes of a delivery, up to the pool.
 *
 * ```
 * deliver ─▶ readable headers? ─▶ a task message? ─▶ task registered? ─▶ body and dates readable? ─▶ runs here already?
 *    │ no: REJECT    │ no: REJECT         │ no: FAILURE NotRegistered,    │ no: REJECT               │ yes: settled with it
 *    ▼               ▼                    ▼     REJECT                    ▼                          ▼
 *  ─▶ expired or revoked? ─▶ eta ahead? ───────────────────────────────────▶ rate limited? ──────────────────────▶ pool
 *       │ yes: REVOKED, ACK    │ yes: held until then, here or at the broker    │ yes: held until its turn
 * ```
 *
 * The body of a task that cannot start at once is read when it can, and an invalid one refused then.
 *
 * [WORKER-REFUSE] Source: Celery 5.7.0, celery/worker/consumer/consumer.py `on_task_received`, `on_unknown_message`,
 * `on_invalid_task`, `on_decode_error`, and the recorded malformed messages. Where Celery acknowledges a message that it
 * cannot read, or dies of it, we reject it without requeue, so that a dead-letter exchange can keep it.
 */
import type { Delivery } from '@celeriac/amqp-transport';
import { coerceError, type Clock, type Logger } from '@celeriac/primitives';
import { openTaskMessage, PythonError, type OpenedTask, type OpenTaskOptions } from '@celeriac/protocol';
import type { ActiveRuns } from '../run/active-runs.ts';
import { refuseInvalid } from './invalid-task.ts';
import { TaskDelivery, type ReceivedTask } from './received-task.ts';
import type { SuspectTasks } from '../run/suspect-tasks.ts';
import type { ServedTasks } from './served-tasks.ts';
import type { TaskAdmission } from './task-admission.ts';
import { rejectForGood, settleOnce } from '../settle/settlement.ts';
import type { TaskOutcomes } from '../settle/task-outcomes.ts';
import type { TaskSignals } from '../task-signals.ts';
import type { WaitingTasks } from './waiting-tasks.ts';

export interface TaskReceiverOptions {
  readonly tasks: ServedTasks;
  readonly waiting: WaitingTasks;
  readonly active: ActiveRuns;
  readonly admission: TaskAdmission;
  readonly suspects: SuspectTasks | undefined;
  readonly outcomes: TaskOutcomes;
  readonly signals: TaskSignals;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly acceptContent: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxBodyValues: number;
}

export class TaskReceiver {
  readonly #options: TaskReceiverOptions;
  readonly #openOptions: OpenTaskOptions;

  constructor(options: TaskReceiverOptions) {
    this.#options = options;
    const { acceptContent, maxBodyBytes, maxBodyValues } = options;
    this.#openOptions = { acceptContent, maxBodyBytes, maxBodyValues };
  }

  /**
   * Takes a delivery and sees that it is settled, sooner or later. Never throws: a delivery whose handling does is refused.
   */
  receive(delivery: Delivery): void {
    try {
      this.#receive(delivery);
    } catch (error) {
      this.#refuse(delivery, coerceError(error));
    }
  }

  #receive(delivery: Delivery): void {
    if (delivery.damage !== undefined) {
      this.#refuse(delivery, delivery.damage);
      return;
    }
    let opened: OpenedTask;
    try {
      opened = openTaskMessage(delivery, this.#openOptions);
    } catch (error) {
      this.#refuse(delivery, coerceError(error));
      return;
    }
    if (delivery.redelivered && this.#isTakenOver(delivery, opened)) return;
    this.#read(delivery, opened);
  }

  #read(delivery: Delivery, opened: OpenedTask): void {
    const served = this.#options.tasks.get(opened.name);
    if (served === undefined) {
      this.#refuseUnregistered(delivery, opened);
      return;
    }
    let received: ReceivedTask;
    try {
      const body = this.#options.waiting.startsNext ? opened.readBody() : undefined;
      received = new TaskDelivery(delivery, opened, served, body);
    } catch (error) {
      refuseInvalid(this.#options, delivery, opened, coerceError(error));
      return;
    }
    try {
      this.#accept(received);
    } catch (error) {
      this.#options.outcomes.notHandled(received, error);
    }
  }

  #accept(received: ReceivedTask): void {
    const { admission, outcomes, signals, waiting } = this.#options;
    outcomes.counts.received++;
    const reason = admission.refusal(received);
    if (reason !== undefined) {
      outcomes.revoked(received, reason);
      return;
    }
    signals.received(received);
    waiting.add(received);
  }

  /**
   * Whether a delivery that came again needs no run of its own.
   *
   * A message that comes again may belong to a run that goes on here and whose channel was lost: the run settles it then,
   * instead of being started a second time.
   */
  #isTakenOver(delivery: Delivery, opened: OpenedTask): boolean {
    const { active, logger, suspects } = this.#options;
    const run = active.get(opened.id);
    if (run?.received.opened.name === opened.name && run.adopt(delivery)) {
      logger.info({ taskId: opened.id, task: opened.name }, 'task is running here, its message came again');
      return true;
    }
    if (suspects === undefined) return false;
    return suspects.refreshes(delivery, opened, (latest) => {
      this.#read(latest, opened);
    });
  }

  #refuse(delivery: Delivery, error: Error): void {
    const { queue, deliveryTag } = delivery;
    const { outcomes, logger, signals } = this.#options;
    outcomes.counts.refused++;
    logger.error({ queue, deliveryTag, reason: error.message }, 'message refused');
    settleOnce(delivery, rejectForGood);
    signals.rejected(delivery, error);
  }

  #refuseUnregistered(delivery: Delivery, opened: OpenedTask): void {
    const { logger, outcomes, signals, tasks } = this.#options;
    logger.error(
      { taskId: opened.id, task: opened.name, queue: delivery.queue, registered: tasks.names() },
      'task refused: its name is not registered here',
    );
    const error = new PythonError('NotRegistered', [opened.name], { excModule: 'celery.exceptions' });
    outcomes.refused(delivery, opened, error);
    signals.unknown(delivery, opened, error);
  }
}
