import type { Delivery, OperationalError } from '@celeriac/amqp-transport';
import type { Clock, Logger } from '@celeriac/primitives';
import {
  encodeException,
  PythonError,
  tracebackOf,
  type ResultMessage,
  type TaskState,
} from '@celeriac/protocol';
import type { ResultStore, ResultTarget } from '@celeriac/result-backend';
import type { ReceivedTask } from './received-task.ts';
import { rejectForGood, settleOnce, type Settlement } from './settlement.ts';
import type { WorkerSettings } from './worker-settings.ts';

export interface TaskStatesOptions {
  readonly store: ResultStore;
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Called once when a state has been stored, or never will be: with how the delivery is to be settled now, or without,
 * when it is to stay as it is and go back to the broker with its channel.
 */
export type OnEnd = (settlement: Settlement | undefined) => void;

/** States of tasks: made, and stored. */
export class TaskStates {
  readonly #options: TaskStatesOptions;

  constructor(options: TaskStatesOptions) {
    this.#options = options;
  }

  of(
    { opened, request }: ReceivedTask,
    status: TaskState,
    result: unknown,
    children: ResultMessage['children'] = [],
  ): ResultMessage {
    return {
      taskId: opened.id,
      status,
      result,
      traceback: null,
      children,
      dateDone: this.now(),
      groupId: request.group,
      parentId: request.parentId,
    };
  }

  /** Whatever was thrown, in a form that can be written. */
  ofFailure(received: ReceivedTask, error: unknown): ResultMessage {
    try {
      const state = this.of(received, 'FAILURE', encodeException(error));
      return { ...state, traceback: tracebackOf(error) };
    } catch (unwritable) {
      // its message is no text, or a getter of it throws: whoever waits is told that it failed all the same
      const failure = encodeError('the error that the task threw cannot be written', unwritable);
      return this.of(received, 'FAILURE', encodeException(failure));
    }
  }

  now(): Date {
    return new Date(this.#options.clock.now());
  }

  /**
   * [WORKER-IGNORE-RESULT] Source: Celery 5.7.0, celery/app/trace.py `build_tracer`: the message decides where it says
   * anything, else the setting.
   */
  isIgnored({ request }: ReceivedTask): boolean {
    return request.ignoreResult ?? this.#options.settings.taskIgnoreResult;
  }

  areErrorsStored(received: ReceivedTask): boolean {
    return this.#options.settings.taskStoreErrorsEvenIfIgnored || !this.isIgnored(received);
  }

  /**
   * Stores a state, then settles the delivery, or leaves that to `onEnd` when it is given.
   *
   * A state that could not be stored: if the broker will never take it (too large, say), the caller gets a FAILURE that
   * says so. If the worker is closing, the delivery stays as it is and goes back to the broker with its channel.
   *
   * @throws EncodeError when the state cannot be written; nothing has been stored
   */
  store(
    delivery: Delivery,
    target: ResultTarget,
    state: ResultMessage,
    settlement: Settlement,
    onEnd?: OnEnd,
  ): void {
    this.#options.store.store(target, state, (error) => {
      if (error === undefined) end(delivery, settlement, onEnd);
      else this.#notStored(delivery, target, state, settlement, onEnd, error);
    });
  }

  #notStored(
    delivery: Delivery,
    target: ResultTarget,
    state: ResultMessage,
    settlement: Settlement,
    onEnd: OnEnd | undefined,
    error: OperationalError,
  ): void {
    const { logger, store } = this.#options;
    const { taskId, status } = state;
    logger.error({ taskId, status, reason: error.message }, 'result not stored');
    if (error.recoverable) {
      onEnd?.(undefined);
      return;
    }
    if (status === 'FAILURE') {
      end(delivery, rejectForGood, onEnd);
      return;
    }
    const failure = encodeException(encodeError(error.message, error));
    store.store(target, { ...state, status: 'FAILURE', result: failure }, (again) => {
      end(delivery, again === undefined ? settlement : rejectForGood, onEnd);
    });
  }
}

function end(delivery: Delivery, settlement: Settlement, onEnd: OnEnd | undefined): void {
  if (onEnd === undefined) settleOnce(delivery, settlement);
  else onEnd(settlement);
}

/** [WORKER-RESULT-UNENCODABLE] Source: Celery 5.7.0, recorded case `result_set_unserialisable`: `EncodeError` of kombu. */
export function encodeError(message: string, cause: unknown): PythonError {
  return new PythonError('EncodeError', [message], { excModule: 'kombu.exceptions', cause });
}
