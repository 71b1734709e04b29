import type { Delivery } from '@celeriac/amqp-transport';
import {
  coerceError,
  logReceiverErrors,
  type Clock,
  type Logger,
  type ReceiverErrorHandler,
} from '@celeriac/primitives';
import type { OpenedTask } from '@celeriac/protocol';
import type { Reject, Retry } from '@celeriac/task-registry';
import type { TaskEvents } from './events/task-events.ts';
import type { ReceivedTask } from './receive/received-task.ts';
import type { TaskPostrun, TaskSignal, WorkerSignals } from './worker-signals.ts';

/** Sends the signals and the events of tasks; each costs one look while nobody listens. */
export class TaskSignals {
  /** Told the same, and with the messages themselves, while events of tasks are sent. */
  events: TaskEvents | undefined;
  readonly #signals: WorkerSignals;
  readonly #clock: Clock;
  readonly #onError: ReceiverErrorHandler;

  constructor(signals: WorkerSignals, clock: Clock, logger: Logger) {
    this.#signals = signals;
    this.#clock = clock;
    this.#onError = logReceiverErrors(logger);
  }

  received(received: ReceivedTask): void {
    this.events?.received(received);
    const { taskReceived } = this.#signals;
    if (taskReceived.hasReceivers) taskReceived.send(payloadOf(received), this.#onError);
  }

  prerun(received: ReceivedTask): void {
    this.events?.started(received);
    const { taskPrerun } = this.#signals;
    if (taskPrerun.hasReceivers) taskPrerun.send(payloadOf(received), this.#onError);
  }

  postrun(received: ReceivedTask, state: TaskPostrun['state'], retval: unknown): void {
    const { taskPostrun } = this.#signals;
    if (taskPostrun.hasReceivers) taskPostrun.send({ ...payloadOf(received), state, retval }, this.#onError);
  }

  succeeded(received: ReceivedTask, result: unknown): void {
    const { taskSuccess } = this.#signals;
    this.events?.succeeded(received, result, this.#runtimeSeconds(received) ?? 0);
    if (!taskSuccess.hasReceivers) return;
    const runtimeSeconds = this.#runtimeSeconds(received) ?? 0;
    taskSuccess.send({ ...payloadOf(received), result, runtimeSeconds }, this.#onError);
  }

  failed(received: ReceivedTask, exception: unknown): void {
    const { taskFailure } = this.#signals;
    this.events?.failed(received, exception);
    if (!taskFailure.hasReceivers) return;
    const runtimeSeconds = this.#runtimeSeconds(received);
    taskFailure.send({ ...payloadOf(received), exception, runtimeSeconds }, this.#onError);
  }

  retried(received: ReceivedTask, retry: Retry): void {
    const { taskRetry } = this.#signals;
    const { exc, eta } = retry;
    this.events?.retried(received, retry);
    if (taskRetry.hasReceivers) taskRetry.send({ ...payloadOf(received), reason: exc, eta }, this.#onError);
  }

  revoked(received: ReceivedTask, how: { readonly terminated: boolean; readonly expired: boolean }): void {
    const { taskRevoked } = this.#signals;
    const signum = how.terminated ? sigkill : undefined;
    this.events?.revoked(received, { ...how, signum });
    if (!taskRevoked.hasReceivers) return;
    taskRevoked.send({ ...payloadOf(received), ...how, signum }, this.#onError);
  }

  unknown(message: Delivery, { id: taskId, name: task }: OpenedTask, exc: Error): void {
    const { taskUnknown } = this.#signals;
    this.events?.unknown(taskId, task);
    if (taskUnknown.hasReceivers) taskUnknown.send({ taskId, task, message, exc }, this.#onError);
  }

  rejected(message: Delivery, exc: Error): void {
    const { taskRejected } = this.#signals;
    if (taskRejected.hasReceivers) taskRejected.send({ message, exc }, this.#onError);
  }

  /** The task has rejected its message; for Celery that is a failure unless it goes back to its queue. No signal. */
  rejectedByTask(received: ReceivedTask, reject: Reject): void {
    if (!reject.requeue) this.events?.failed(received, reject);
    this.messageRejected(received, reject);
  }

  /** The message of a task is about to be rejected, unless it is settled already. No signal. */
  messageRejected(received: ReceivedTask, how: { readonly requeue: boolean }): void {
    if (!received.delivery.isSettled) this.events?.rejected(received, how);
  }

  /** What runs is given up for another worker to run. No signal. */
  cancelled(received: ReceivedTask): void {
    this.events?.cancelled(received);
  }

  internalError(received: ReceivedTask, error: unknown): void {
    const { taskInternalError } = this.#signals;
    if (!taskInternalError.hasReceivers) return;
    taskInternalError.send({ ...payloadOf(received), exception: coerceError(error) }, this.#onError);
  }

  #runtimeSeconds({ startedAt }: ReceivedTask): number | undefined {
    return startedAt === undefined ? undefined : (this.#clock.now() - startedAt) / 1000;
  }
}

/** What runs a task in a pool is ended with. */
const sigkill = 9;

function payloadOf(received: ReceivedTask): TaskSignal {
  const { opened, request } = received;
  return { taskId: opened.id, task: opened.name, ...argumentsOf(received), request };
}

/** None when they cannot be read: a task that waits, or was revoked while it did, is told of before that is known. */
function argumentsOf(received: ReceivedTask): Pick<TaskSignal, 'args' | 'kwargs'> {
  try {
    const { args, kwargs } = received.body;
    return { args, kwargs };
  } catch {
    return { args: [], kwargs: {} };
  }
}
