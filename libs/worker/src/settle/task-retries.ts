import { coerceError, type Clock, type Logger } from '@celeriac/primitives';
import { encodeRetryMessage, type CompressionName, type ResultMessage } from '@celeriac/protocol';
import type { Retry } from '@celeriac/task-registry';
import type { CallPublisher, PublishedCall, SendOutcome } from './call-publisher.ts';
import { returnRoute, routeToQueue } from './return-route.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import { acknowledge, settleOnce } from './settlement.ts';
import type { TaskStates } from './task-states.ts';

export interface TaskRetriesOptions {
  readonly publisher: CallPublisher;
  readonly states: TaskStates;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `gen<pid>@<host>`. */
  readonly origin: string;
  /** `task_compression`. */
  readonly compression: CompressionName | undefined;
}

/** What came of a retry. */
export type RetryOutcome =
  /** The next run is at the broker; the delivery of this one is settled, or goes back with its channel. */
  | { readonly kind: 'done' }
  /** It cannot be sent. */
  | { readonly kind: 'failed'; readonly error: Error };

/**
 * Sends a task on its next run.
 *
 * ```
 * the same task sent, one retry further, confirmed ─▶ RETRY stored ─▶ acknowledged
 * ```
 *
 * [WORKER-RETRY] Source: Celery 5.7.0, celery/app/task.py `Task.retry`, celery/app/trace.py `handle_retry`; recorded
 * worker-rpc: `retry_with_exc`, `retry_without_exc`.
 */
export class TaskRetries {
  readonly #options: TaskRetriesOptions;

  constructor(options: TaskRetriesOptions) {
    this.#options = options;
  }

  async retried(received: ReceivedTask, retry: Retry): Promise<RetryOutcome> {
    const { delivery, opened } = received;
    // the broker gives it out again in any case; if the next run asks for a retry, it is sent once
    if (delivery.isLost && !delivery.isSettled) return { kind: 'done' };
    let state: ResultMessage;
    let outcome: SendOutcome;
    try {
      const call = this.#callOf(received, retry);
      state = this.#stateOf(received, retry); // else it would turn out after the next run was sent
      outcome = await this.#options.publisher.sendTask(call);
    } catch (error) {
      return { kind: 'failed', error: coerceError(error) };
    }
    if (outcome.kind === 'refused') return { kind: 'failed', error: outcome.error };
    if (outcome.kind === 'unsure') {
      const fields = { taskId: opened.id, task: opened.name, reason: outcome.error.message };
      this.#options.logger.error(fields, 'retry not confirmed');
      return { kind: 'done' };
    }
    this.#storeAndSettle(received, state);
    return { kind: 'done' };
  }

  #callOf({ delivery, opened }: ReceivedTask, { eta, changes }: Retry): PublishedCall {
    const { clock, compression, origin } = this.#options;
    const now = new Date(clock.now());
    const { queue, ...others } = changes;
    const message = encodeRetryMessage(delivery, opened, { ...others, eta, now, origin, compression });
    const { address, declaration } = queue === undefined ? returnRoute(delivery) : routeToQueue(queue);
    return { message: { ...message, ...address, mandatory: true }, declaration };
  }

  #stateOf(received: ReceivedTask, { exc, stack }: Retry): ResultMessage {
    const error = exc === undefined ? undefined : coerceError(exc);
    const { states } = this.#options;
    const result = error === undefined ? null : states.encode(error);
    return {
      ...states.ofProgress(received, 'RETRY', result),
      traceback: error === undefined ? (stack ?? '') : states.traceback(error),
      children: [[[received.opened.id, null], null]],
    };
  }

  #storeAndSettle(received: ReceivedTask, state: ResultMessage): void {
    const { states } = this.#options;
    if (states.isIgnored(received)) {
      settleOnce(received.delivery, acknowledge);
      return;
    }
    states.store(received.delivery, received.opened, state, acknowledge);
  }
}
