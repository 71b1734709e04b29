/**
 * The end of a task: its state is stored, then its delivery is settled.
 *
 * [WORKER-SETTLE] Source: Celery 5.7.0, celery/worker/request.py `on_success`, `on_failure`, `acknowledge`; table in
 * docs/protocol.md. With late acknowledgement (the default here) the delivery is acknowledged when the broker has
 * confirmed the result; if it never does, the delivery stays unsettled and the broker gives the task to another worker.
 */
import type { Delivery, OperationalError } from '@celeriac/amqp-transport';
import { coerceError, type Clock, type Logger } from '@celeriac/primitives';
import {
  encodeException,
  PythonError,
  tracebackOf,
  type OpenedTask,
  type ResultMessage,
  type TaskState,
} from '@celeriac/protocol';
import type { ResultStore } from '@celeriac/result-backend';
import type { ReceivedTask } from './received-task.ts';
import type { WorkerSettings } from './worker-settings.ts';

export interface TaskOutcomesOptions {
  readonly store: ResultStore;
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

type Settle = (delivery: Delivery) => void;

export class TaskOutcomes {
  readonly counts: TaskCounts = { succeeded: 0, failed: 0, revoked: 0, refused: 0 };
  readonly #options: TaskOutcomesOptions;

  constructor(options: TaskOutcomesOptions) {
    this.#options = options;
  }

  /** The task is about to run. Acknowledges it now unless that is to be late. */
  started(received: ReceivedTask): void {
    const { settings, nodeName, logger } = this.#options;
    if (!settings.taskAcksLate) received.delivery.ack();
    if (!settings.taskTrackStarted || this.#isIgnored(received)) return;
    const result = this.#result(received, 'STARTED', { pid: process.pid, hostname: nodeName });
    this.#options.store.store(received.opened, { ...result, dateDone: null }, (error) => {
      if (error !== undefined)
        logger.warn({ taskId: received.opened.id, reason: error.message }, 'STARTED not stored');
    });
  }

  succeeded(received: ReceivedTask, value: unknown): void {
    if (this.#isIgnored(received)) {
      this.counts.succeeded++;
      this.#settle(received.delivery, acknowledge);
      return;
    }
    try {
      const result = this.#result(received, 'SUCCESS', received.task.encodeResult(value));
      this.#store(received.delivery, received.opened, result, acknowledge);
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
    const settle = failureSettlement(settings);
    if (!this.#areErrorsStored(received)) this.#settle(delivery, settle);
    else this.#storeFailure(received, error, settle);
    logger.warn({ taskId: opened.id, task: opened.name, err: error }, 'task failed');
  }

  /** It expired before it could start. */
  revoked(received: ReceivedTask, reason: 'expired'): void {
    this.counts.revoked++;
    const { id, name } = received.opened;
    this.#options.logger.info({ taskId: id, task: name, reason }, 'task revoked');
    const exception = new PythonError('TaskRevokedError', [reason], { excModule: 'celery.exceptions' });
    if (!this.#areErrorsStored(received)) {
      this.#settle(received.delivery, acknowledge);
      return;
    }
    this.#store(
      received.delivery,
      received.opened,
      this.#result(received, 'REVOKED', encodeException(exception)),
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
      dateDone: this.#now(),
    };
    this.#store(delivery, opened, failure, rejectForGood);
  }

  #store(delivery: Delivery, target: OpenedTask, result: ResultMessage, settle: Settle): void {
    this.#options.store.store(target, result, (error) => {
      if (error === undefined) this.#settle(delivery, settle);
      else this.#notStored(delivery, target, result, settle, error);
    });
  }

  /**
   * The result could not be stored. If the broker will never take it (too large, say), the caller gets a FAILURE that says
   * so. If the worker is closing, the delivery stays as it is and goes back to the broker with its channel.
   */
  #notStored(
    delivery: Delivery,
    target: OpenedTask,
    result: ResultMessage,
    settle: Settle,
    error: OperationalError,
  ): void {
    const { logger, store } = this.#options;
    logger.error({ taskId: target.id, status: result.status, reason: error.message }, 'result not stored');
    if (error.recoverable) return;
    if (result.status === 'FAILURE') {
      this.#settle(delivery, rejectForGood);
      return;
    }
    const failure = encodeException(encodeError(error.message, error));
    store.store(target, { ...result, status: 'FAILURE', result: failure }, (again) => {
      this.#settle(delivery, again === undefined ? settle : rejectForGood);
    });
  }

  #settle(delivery: Delivery, settle: Settle): void {
    if (!delivery.isSettled) settle(delivery); // settled already when it was acknowledged early
  }

  #storeFailure(received: ReceivedTask, error: unknown, settle: Settle): void {
    const { delivery, opened } = received;
    try {
      const result = this.#result(received, 'FAILURE', encodeException(error));
      this.#store(delivery, opened, { ...result, traceback: tracebackOf(error) }, settle);
    } catch (unwritable) {
      // its message is no text, or a getter of it throws: whoever waits is told that it failed all the same
      const failure = encodeError('the error that the task threw cannot be written', unwritable);
      this.#store(delivery, opened, this.#result(received, 'FAILURE', encodeException(failure)), settle);
    }
  }

  #result(received: ReceivedTask, status: TaskState, result: unknown): ResultMessage {
    const { opened, request } = received;
    return {
      taskId: opened.id,
      status,
      result,
      traceback: null,
      children: [],
      dateDone: this.#now(),
      groupId: request.group,
      parentId: request.parentId,
    };
  }

  #now(): Date {
    return new Date(this.#options.clock.now());
  }

  #areErrorsStored(received: ReceivedTask): boolean {
    return this.#options.settings.taskStoreErrorsEvenIfIgnored || !this.#isIgnored(received);
  }

  /**
   * [WORKER-IGNORE-RESULT] Source: Celery 5.7.0, celery/app/trace.py `build_tracer`: the message decides where it says
   * anything, else the setting.
   */
  #isIgnored(received: ReceivedTask): boolean {
    return received.request.ignoreResult ?? this.#options.settings.taskIgnoreResult;
  }
}

function acknowledge(delivery: Delivery): void {
  delivery.ack();
}

function rejectForGood(delivery: Delivery): void {
  delivery.reject({ requeue: false });
}

function failureSettlement(settings: WorkerSettings): Settle {
  return settings.taskAcksOnFailureOrTimeout ? acknowledge : rejectForGood;
}

/** [WORKER-RESULT-UNENCODABLE] Source: Celery 5.7.0, recorded case `result_set_unserialisable`: `EncodeError` of kombu. */
function encodeError(message: string, cause: unknown): PythonError {
  return new PythonError('EncodeError', [message], { excModule: 'kombu.exceptions', cause });
}
