/**
 * The end of a task that others follow, in the order that Celery has:
 *
 * ```
 * success   callbacks and next step sent, confirmed ─▶ SUCCESS stored, with them as children ─▶ settled
 * failure   FAILURE stored ─▶ the same for the later steps of its chain ─▶ errbacks sent, confirmed ─▶ settled
 * ```
 *
 * What must not be sent is found out before anything is sent: a result that cannot be written, a signature that cannot be
 * followed, or that leads to more than it may. The task fails then, and fails too when the broker refuses a call. If the worker closes before a confirm has
 * come, the delivery stays as it is: whoever runs the task next sends the same calls under the same ids.
 *
 * [WORKER-SEQUEL] Source: Celery 5.7.0, celery/app/trace.py `trace_task`, celery/backends/base.py `mark_as_failure`.
 */
import type { Delivery } from '@celeriac/amqp-transport';
import { coerceError, type Logger } from '@celeriac/primitives';
import {
  InvalidTaskError,
  PythonError,
  stepsFailedWith,
  type FailedStep,
  type ResultMessage,
} from '@celeriac/protocol';
import type { ResultTarget } from '@celeriac/result-backend';
import type { FollowUps, FollowUpsOutcome, PreparedFollowUps } from './follow-ups.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import { acknowledge, settleOnce, type Settlement } from './settlement.ts';
import { encodeError, type TaskStates } from './task-states.ts';

/** Later steps that are told a failure together: each message has the whole error, with its traceback. */
const stepsAtOnce = 64;

export interface TaskSequelOptions {
  readonly states: TaskStates;
  readonly followUps: FollowUps;
  readonly logger: Logger;
}

export class TaskSequel {
  readonly #options: TaskSequelOptions;

  constructor(options: TaskSequelOptions) {
    this.#options = options;
  }

  /** Resolves with the error that makes the task a failed one after all, like any other failure; undefined when it succeeded. */
  async succeeded(received: ReceivedTask, value: unknown): Promise<Error | undefined> {
    const { states, followUps } = this.#options;
    const { delivery, opened } = received;
    const isIgnored = states.isIgnored(received);
    let prepared: PreparedFollowUps;
    let state: ResultMessage;
    try {
      const result = received.task.encodeResult(value);
      const preparing = followUps.afterSuccess(received, result);
      prepared = preparing instanceof Promise ? await preparing : preparing;
      state = states.of(received, 'SUCCESS', result, prepared.children);
      if (!isIgnored) states.assertWritable(state); // else it would turn out after the calls were made
    } catch (error) {
      return asFailure(error);
    }
    // the broker gives it out again in any case; if the next run makes the calls, they are made once
    if (delivery.isLost && !delivery.isSettled) return undefined;
    let outcome: FollowUpsOutcome;
    try {
      outcome = await followUps.send(prepared, delivery);
    } catch (error) {
      return asFailure(error);
    }
    if (outcome.kind === 'left') return undefined;
    if (outcome.kind === 'refused') return outcome.error;
    if (outcome.kind === 'unsure') this.#logUnsure(received, outcome);
    else if (isIgnored) settleOnce(delivery, acknowledge);
    else await this.#storeAndSettle(delivery, opened, state);
    return undefined;
  }

  /** @param given how the delivery is to be settled when all is stored and sent */
  async failed(received: ReceivedTask, error: unknown, given: Settlement): Promise<void> {
    const { states } = this.#options;
    let settlement: Settlement | undefined = given;
    if (states.areErrorsStored(received)) {
      const state = states.ofFailure(received, error);
      settlement = await this.#stored(received.delivery, received.opened, state, settlement);
      if (settlement === undefined || !(await this.#failSteps(received, state))) return;
    }
    if (await this.#sendErrbacks(received)) settleOnce(received.delivery, settlement);
  }

  /** False when the worker closes before all is stored. */
  async #failSteps({ delivery, opened, body }: ReceivedTask, state: ResultMessage): Promise<boolean> {
    let steps: readonly FailedStep[];
    try {
      steps = stepsFailedWith(body.embed, this.#options.followUps.limits);
    } catch (error) {
      const reason = coerceError(error).message;
      this.#options.logger.error({ taskId: opened.id, task: opened.name, reason }, 'later steps not failed');
      return true;
    }
    for (let start = 0; start < steps.length; start += stepsAtOnce) {
      const ends = await Promise.all(
        steps.slice(start, start + stepsAtOnce).map(({ taskId, replyTo, groupId, parentId }) => {
          const stepState = { ...state, taskId, groupId, parentId };
          return this.#stored(delivery, { replyTo, correlationId: taskId }, stepState, acknowledge);
        }),
      );
      if (ends.includes(undefined)) return false;
    }
    return true;
  }

  /** False when the worker closes before they are confirmed. The task has failed already, so that others are but logged. */
  async #sendErrbacks(received: ReceivedTask): Promise<boolean> {
    const { followUps, logger } = this.#options;
    const { id, name } = received.opened;
    let outcome: FollowUpsOutcome;
    try {
      const preparing = followUps.afterFailure(received);
      const prepared = preparing instanceof Promise ? await preparing : preparing;
      outcome = await followUps.send(prepared, received.delivery);
    } catch (error) {
      const reason = coerceError(error).message;
      logger.error({ taskId: id, task: name, reason }, 'errbacks not called');
      return true;
    }
    if (outcome.kind === 'refused')
      logger.error({ taskId: id, task: name, reason: outcome.error.message }, 'errbacks not called');
    if (outcome.kind === 'unsure') this.#logUnsure(received, outcome);
    return outcome.kind !== 'unsure' && outcome.kind !== 'left';
  }

  async #storeAndSettle(delivery: Delivery, target: ResultTarget, state: ResultMessage): Promise<void> {
    const settlement = await this.#stored(delivery, target, state, acknowledge);
    if (settlement !== undefined) settleOnce(delivery, settlement);
  }

  #stored(
    delivery: Delivery,
    target: ResultTarget,
    state: ResultMessage,
    settlement: Settlement,
  ): Promise<Settlement | undefined> {
    return new Promise((resolve) => {
      this.#options.states.store(delivery, target, state, settlement, resolve);
    });
  }

  #logUnsure(
    { opened, delivery }: ReceivedTask,
    { error }: Extract<FollowUpsOutcome, { readonly kind: 'unsure' }>,
  ): void {
    const { id, name } = opened;
    const fields = { taskId: id, task: name, isAcknowledged: delivery.isSettled, reason: error.message };
    this.#options.logger.error(fields, 'follow-ups not confirmed');
  }
}

function asFailure(error: unknown): Error {
  if (error instanceof PythonError || error instanceof InvalidTaskError) return error;
  return encodeError(coerceError(error).message, error);
}
