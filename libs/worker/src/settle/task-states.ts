import type { Delivery, OperationalError } from '@celeriac/amqp-transport';
import { coerceError, type Clock, type Logger } from '@celeriac/primitives';
import {
  encodeException,
  type ExceptionWire,
  PythonError,
  tracebackOf,
  type ResultMessage,
  type TaskState,
} from '@celeriac/protocol';
import type { ResultStore, ResultTarget } from '@celeriac/result-backend';
import { TaskPredicate, TimeLimitExceeded } from '@celeriac/task-registry';
import { WorkerLostError } from '../pools/worker-lost-error.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import { rejectForGood, settleOnce, type Settlement } from './settlement.ts';

export interface TaskStatesOptions {
  readonly store: ResultStore;
  readonly nodeName: string;
  /** `result_extended`: states tell about the call as well. */
  readonly isExtended: boolean;
  /** Longest traceback of an error that is stored, in characters; its arguments have a quarter of it. */
  readonly maxErrorText: number;
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
    received: ReceivedTask,
    status: TaskState,
    result: unknown,
    children: ResultMessage['children'] = [],
  ): ResultMessage {
    const { opened, request } = received;
    const state = {
      taskId: opened.id,
      status,
      result,
      traceback: null,
      children,
      dateDone: this.now(),
      groupId: request.group,
      parentId: request.parentId,
    };
    return this.#options.isExtended ? { ...state, extended: this.#extended(received) } : state;
  }

  /**
   * [WORKER-RESULT-EXTENDED] Source: Celery 5.7.0, celery/backends/base.py `_get_result_meta`; recorded
   * worker-late-acks-and-serializers: `rpc_result_extended`.
   */
  #extended({ opened, request, delivery }: ReceivedTask): Readonly<Record<string, unknown>> {
    const { args, kwargs } = opened.readBody({ floats: 'keep' });
    const { stampedHeaders, stamps } = request;
    return {
      name: opened.name,
      args,
      kwargs,
      worker: this.#options.nodeName,
      retries: request.retries,
      queue: delivery.routingKey,
      ...(stampedHeaders.length > 0 && { stamped_headers: stampedHeaders, ...stamps }),
    };
  }

  /** A state after which the task goes on, such as STARTED or one of its own. */
  ofProgress(received: ReceivedTask, status: TaskState, result: unknown): ResultMessage {
    return { ...this.of(received, status, result), dateDone: null };
  }

  /**
   * Whatever was thrown, in a form that can be written. What no code of the task threw has no traceback: see
   * {@link hasTraceback}.
   */
  ofFailure(received: ReceivedTask, error: unknown): ResultMessage {
    try {
      const state = this.of(received, 'FAILURE', this.encode(error));
      return { ...state, traceback: hasTraceback(error) ? this.traceback(error) : null };
    } catch (unwritable) {
      // its message is no text, or a getter of it throws: whoever waits is told that it failed all the same
      const failure = encodeError('the error that the task threw cannot be written', unwritable);
      return this.of(received, 'FAILURE', encodeException(failure));
    }
  }

  /** An error as it is stored. */
  encode(error: unknown): ExceptionWire {
    return encodeException(error, this.#options.maxErrorText);
  }

  traceback(error: unknown): string {
    return tracebackOf(error, this.#options.maxErrorText);
  }

  now(): Date {
    return new Date(this.#options.clock.now());
  }

  /**
   * [WORKER-IGNORE-RESULT] Source: Celery 5.7.0, celery/app/trace.py `build_tracer`: the message decides where it says
   * anything, else the task or the setting.
   */
  isIgnored({ request, policy }: ReceivedTask): boolean {
    return request.ignoreResult ?? policy.ignoreResult;
  }

  areErrorsStored(received: ReceivedTask): boolean {
    return received.policy.storeErrorsEvenIfIgnored || !this.isIgnored(received);
  }

  /** @throws EncodeError when the state cannot be written */
  assertWritable(state: ResultMessage): void {
    this.#options.store.assertWritable(state);
  }

  /** Stores a state that nobody counts on, unless results are ignored: it may be lost with the connection. */
  tell(received: ReceivedTask, state: ResultMessage): void {
    if (this.isIgnored(received)) return;
    const { store, logger } = this.#options;
    const { taskId, status } = state;
    store.store(received.opened, state, (error) => {
      if (error !== undefined) logger.warn({ taskId, status, reason: error.message }, 'state not stored');
    });
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
      try {
        if (error === undefined) end(delivery, settlement, onEnd);
        else this.#notStored(delivery, target, state, settlement, onEnd, error);
      } catch (caught) {
        this.#notEnded(delivery, state, onEnd, caught);
      }
    });
  }

  /** It must not reach whoever confirms, who has other messages to confirm. */
  #notEnded(
    delivery: Delivery,
    { taskId, status }: ResultMessage,
    onEnd: OnEnd | undefined,
    caught: unknown,
  ): void {
    const reason = coerceError(caught).message;
    this.#options.logger.error({ taskId, status, reason }, 'task not settled after its result');
    end(delivery, rejectForGood, onEnd);
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

/**
 * Whether the failure is that of running code, with a place in it. Celery stores no traceback for hard limits, lost
 * workers and rejections.
 */
function hasTraceback(error: unknown): boolean {
  return !(
    error instanceof TimeLimitExceeded ||
    error instanceof WorkerLostError ||
    error instanceof TaskPredicate
  );
}

function end(delivery: Delivery, settlement: Settlement, onEnd: OnEnd | undefined): void {
  if (onEnd === undefined) settleOnce(delivery, settlement);
  else onEnd(settlement);
}

/** [WORKER-RESULT-UNENCODABLE] Source: Celery 5.7.0, recorded case `result_set_unserialisable`: `EncodeError` of kombu. */
export function encodeError(message: string, cause: unknown): PythonError {
  return new PythonError('EncodeError', [message], { excModule: 'kombu.exceptions', cause });
}
