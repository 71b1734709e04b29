import type { Delivery } from '@celeriac/amqp-transport';
import {
  coerceError,
  logReceiverErrors,
  type Clock,
  type Logger,
  type ReceiverErrorHandler,
} from '@celeriac/primitives';
import type { OpenedTask } from '@celeriac/protocol';
import type { Retry } from '@celeriac/task-registry';
import type { ReceivedTask } from './received-task.ts';
import type { TaskPostrun, TaskSignal, WorkerSignals } from './worker-signals.ts';

/** Sends the signals of tasks; each costs one look while nobody listens. */
export class TaskSignals {
  readonly #signals: WorkerSignals;
  readonly #clock: Clock;
  readonly #onError: ReceiverErrorHandler;

  constructor(signals: WorkerSignals, clock: Clock, logger: Logger) {
    this.#signals = signals;
    this.#clock = clock;
    this.#onError = logReceiverErrors(logger);
  }

  received(received: ReceivedTask): void {
    const { taskReceived } = this.#signals;
    if (taskReceived.hasReceivers) taskReceived.send(payloadOf(received), this.#onError);
  }

  prerun(received: ReceivedTask): void {
    const { taskPrerun } = this.#signals;
    if (taskPrerun.hasReceivers) taskPrerun.send(payloadOf(received), this.#onError);
  }

  postrun(received: ReceivedTask, state: TaskPostrun['state'], retval: unknown): void {
    const { taskPostrun } = this.#signals;
    if (taskPostrun.hasReceivers) taskPostrun.send({ ...payloadOf(received), state, retval }, this.#onError);
  }

  succeeded(received: ReceivedTask, result: unknown): void {
    const { taskSuccess } = this.#signals;
    if (!taskSuccess.hasReceivers) return;
    const runtimeSeconds = this.#runtimeSeconds(received) ?? 0;
    taskSuccess.send({ ...payloadOf(received), result, runtimeSeconds }, this.#onError);
  }

  failed(received: ReceivedTask, exception: unknown): void {
    const { taskFailure } = this.#signals;
    if (!taskFailure.hasReceivers) return;
    const runtimeSeconds = this.#runtimeSeconds(received);
    taskFailure.send({ ...payloadOf(received), exception, runtimeSeconds }, this.#onError);
  }

  retried(received: ReceivedTask, { exc, eta }: Retry): void {
    const { taskRetry } = this.#signals;
    if (taskRetry.hasReceivers) taskRetry.send({ ...payloadOf(received), reason: exc, eta }, this.#onError);
  }

  revoked(received: ReceivedTask, how: { readonly terminated: boolean; readonly expired: boolean }): void {
    const { taskRevoked } = this.#signals;
    if (!taskRevoked.hasReceivers) return;
    const signum = how.terminated ? sigkill : undefined;
    taskRevoked.send({ ...payloadOf(received), ...how, signum }, this.#onError);
  }

  unknown(message: Delivery, { id: taskId, name: task }: OpenedTask, exc: Error): void {
    const { taskUnknown } = this.#signals;
    if (taskUnknown.hasReceivers) taskUnknown.send({ taskId, task, message, exc }, this.#onError);
  }

  rejected(message: Delivery, exc: Error): void {
    const { taskRejected } = this.#signals;
    if (taskRejected.hasReceivers) taskRejected.send({ message, exc }, this.#onError);
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

function payloadOf({ opened, body, request }: ReceivedTask): TaskSignal {
  return { taskId: opened.id, task: opened.name, args: body.args, kwargs: body.kwargs, request };
}
