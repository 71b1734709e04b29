/**
 * What becomes of a delivery, up to the pool.
 *
 * ```
 * deliver ─▶ readable headers? ─▶ a task message? ─▶ task registered? ─▶ body and dates readable? ─▶ expired?
 *    │ no: REJECT    │ no: REJECT         │ no: FAILURE NotRegistered,    │ no: REJECT               │ yes: REVOKED, ACK
 *    ▼               ▼                    ▼     REJECT                    ▼                          ▼
 *                                                                  eta ahead? ─ yes ─▶ held until then ─▶ pool
 * ```
 *
 * [WORKER-REFUSE] Source: Celery 5.7.0, celery/worker/consumer/consumer.py `on_task_received`, `on_unknown_message`,
 * `on_invalid_task`, `on_decode_error`, and the recorded malformed messages. Where Celery acknowledges a message that it
 * cannot read, or dies of it, we reject it without requeue, so that a dead-letter exchange can keep it.
 */
import type { Delivery } from '@celeriac/amqp-transport';
import { coerceError, type Clock, type Logger } from '@celeriac/primitives';
import {
  InvalidTaskError,
  openTaskMessage,
  PythonError,
  type OpenedTask,
  type OpenTaskOptions,
} from '@celeriac/protocol';
import type { TaskRegistry } from '@celeriac/task-registry';
import type { EtaSchedule } from './eta-schedule.ts';
import type { ReceivedTask } from './received-task.ts';
import type { TaskOutcomes } from './task-outcomes.ts';
import type { TaskPool } from './task-pool.ts';

export interface TaskReceiverOptions {
  readonly registry: TaskRegistry;
  readonly pool: TaskPool<ReceivedTask>;
  readonly etaSchedule: EtaSchedule;
  readonly outcomes: TaskOutcomes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly acceptContent: readonly string[];
}

export class TaskReceiver {
  readonly #options: TaskReceiverOptions;
  readonly #openOptions: OpenTaskOptions;

  constructor(options: TaskReceiverOptions) {
    this.#options = options;
    this.#openOptions = { acceptContent: options.acceptContent };
  }

  /** Takes a delivery and sees that it is settled, sooner or later. Never throws. */
  receive(delivery: Delivery): void {
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
    const task = this.#options.registry.get(opened.name);
    if (task === undefined) {
      this.#refuseUnregistered(delivery, opened);
      return;
    }
    let received: ReceivedTask;
    try {
      received = { delivery, opened, task, body: opened.readBody(), request: opened.readRequest() };
    } catch (error) {
      this.#refuseInvalid(delivery, opened, coerceError(error));
      return;
    }
    this.schedule(received);
  }

  /** Hands a good task to the pool, now or at its eta, unless it has expired. Called again when its eta has come. */
  readonly schedule = (received: ReceivedTask): void => {
    const { clock, etaSchedule, outcomes, pool } = this.#options;
    const { eta, expires } = received.request;
    if (eta === undefined && expires === undefined) {
      pool.submit(received);
      return;
    }
    const now = clock.now();
    if (expires !== undefined && now > expires.getTime()) outcomes.revoked(received, 'expired');
    else if (eta !== undefined && eta.getTime() > now) etaSchedule.hold(received, eta.getTime());
    else pool.submit(received);
  };

  #refuse(delivery: Delivery, error: Error): void {
    const { queue, deliveryTag } = delivery;
    this.#options.logger.error({ queue, deliveryTag, reason: error.message }, 'message refused');
    delivery.reject({ requeue: false });
  }

  #refuseUnregistered(delivery: Delivery, opened: OpenedTask): void {
    const { logger, outcomes, registry } = this.#options;
    logger.error(
      { taskId: opened.id, task: opened.name, queue: delivery.queue, registered: registry.names() },
      'task refused: its name is not registered here',
    );
    outcomes.refused(
      delivery,
      opened,
      new PythonError('NotRegistered', [opened.name], { excModule: 'celery.exceptions' }),
    );
  }

  #refuseInvalid(delivery: Delivery, opened: OpenedTask, error: Error): void {
    this.#options.logger.error(
      { taskId: opened.id, task: opened.name, queue: delivery.queue, reason: error.message },
      'task refused: its message is invalid',
    );
    if (error instanceof InvalidTaskError && error.isReportable) {
      this.#options.outcomes.refused(
        delivery,
        opened,
        new PythonError('InvalidTaskError', [error.message], { excModule: 'celery.exceptions' }),
      );
    } else {
      delivery.reject({ requeue: false });
    }
  }
}
