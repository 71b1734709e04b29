/**
 * Celery's signals of a worker, by Celery's names in camelCase.
 *
 * A signal is sent in the turn in which the thing happens; receivers hold up nothing that they do not do themselves. Of a
 * task they come in this order, where `|` is one of several:
 *
 * ```
 * taskReceived ─▶ taskPrerun ─▶ taskPostrun ─▶ taskSuccess | taskFailure | taskRetry
 *       └───────▶ taskRevoked   (expired, revoked before its start; terminated while it ran)
 * taskUnknown ─▶ taskRejected   (its name is not registered here)
 * taskRejected                  (it cannot be read)
 * ```
 *
 * Celery sends taskPostrun last; here what a task led to may be known only later, when what follows it has been sent.
 *
 * Source: Celery 5.7.0, celery/signals.py; senders in celery/app/trace.py, celery/worker/request.py,
 * celery/worker/consumer/consumer.py, celery/worker/worker.py, celery/apps/worker.py.
 */
import type { Delivery } from '@celeriac/amqp-transport';
import { Signal, type AfterTaskPublish, type BeforeTaskPublish } from '@celeriac/primitives';
import type { TaskRequest } from '@celeriac/protocol';

/** The task that a signal is about. */
export interface TaskSignal {
  readonly taskId: string;
  /** Name of the task; Celery's sender. */
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** What the message's headers say: retries, eta, parent, stamps and so on. */
  readonly request: TaskRequest;
}

export interface TaskPostrun extends TaskSignal {
  readonly state: 'SUCCESS' | 'FAILURE' | 'RETRY' | 'IGNORED' | 'REJECTED';
  /** What the task returned, or what it threw. */
  readonly retval: unknown;
}

export interface TaskSuccess extends TaskSignal {
  readonly result: unknown;
  /** Seconds from start to end. */
  readonly runtimeSeconds: number;
}

export interface TaskFailure extends TaskSignal {
  /** What the task threw, or why it was ended; its stack is the traceback. */
  readonly exception: unknown;
  /** Seconds from start to end; undefined when it never started. */
  readonly runtimeSeconds: number | undefined;
}

export interface TaskRetry extends TaskSignal {
  /** Why: what the task gave as `exc`; undefined when it gave nothing. */
  readonly reason: unknown;
  /** When the next run may start; undefined: at once. */
  readonly eta: Date | undefined;
}

export interface TaskRevoked extends TaskSignal {
  /** It was running. */
  readonly terminated: boolean;
  /** Number of the signal with which its process was ended; undefined when there was none. */
  readonly signum: number | undefined;
  readonly expired: boolean;
}

/** A message that no task was made of; it is not for a receiver to settle it. */
export type SignalledMessage = Pick<
  Delivery,
  'body' | 'headers' | 'properties' | 'exchange' | 'routingKey' | 'redelivered' | 'queue'
>;

export interface TaskUnknown {
  readonly taskId: string;
  /** The name that is not registered here. */
  readonly task: string;
  readonly message: SignalledMessage;
  readonly exc: Error;
}

export interface TaskRejected {
  readonly message: SignalledMessage;
  /** Why it was refused. */
  readonly exc: Error;
}

export interface TaskInternalError extends TaskSignal {
  /** The fault, which is this library's or its surroundings', not the task's. */
  readonly exception: Error;
}

/** What the signals of the worker itself are about. */
export interface WorkerSignal {
  /** `name@host`; Celery's sender. */
  readonly nodeName: string;
}

export interface WorkerShuttingDown extends WorkerSignal {
  readonly how: 'warm' | 'soft' | 'cold';
}

/**
 * The signals of one worker.
 *
 * @example
 * worker.signals.taskFailure.connect(({ task, taskId, exception }) => report(task, taskId, exception));
 */
export class WorkerSignals {
  /** The message is good and its task is registered; it may have to wait for its eta. */
  readonly taskReceived = new Signal<TaskSignal>('task_received');
  /** The task is about to run. */
  readonly taskPrerun = new Signal<TaskSignal>('task_prerun');
  /** It has run. */
  readonly taskPostrun = new Signal<TaskPostrun>('task_postrun');
  /** It returned. */
  readonly taskSuccess = new Signal<TaskSuccess>('task_success');
  /** It threw, reached its hard limit, or was lost with its process. */
  readonly taskFailure = new Signal<TaskFailure>('task_failure');
  /** It is to run again. */
  readonly taskRetry = new Signal<TaskRetry>('task_retry');
  /** It will not run, or no longer. */
  readonly taskRevoked = new Signal<TaskRevoked>('task_revoked');
  /** A message names a task that is not registered here. */
  readonly taskUnknown = new Signal<TaskUnknown>('task_unknown');
  /** A message was refused: it cannot be read, or its task is unknown. */
  readonly taskRejected = new Signal<TaskRejected>('task_rejected');
  /** The outcome of a task could not be handled. */
  readonly taskInternalError = new Signal<TaskInternalError>('task_internal_error');

  /** A message of a task is about to be published by the worker: a retry, a callback, a chain's next step. */
  readonly beforeTaskPublish = new Signal<BeforeTaskPublish>('before_task_publish');
  /** The broker has confirmed it. */
  readonly afterTaskPublish = new Signal<AfterTaskPublish>('after_task_publish');

  /** The worker is about to start. */
  readonly workerInit = new Signal<WorkerSignal>('worker_init');
  /** It consumes its queues. */
  readonly workerReady = new Signal<WorkerSignal>('worker_ready');
  /** Its shutdown begins, or goes on to a colder stage. */
  readonly workerShuttingDown = new Signal<WorkerShuttingDown>('worker_shutting_down');
  /** It has stopped; nothing is sent after this. */
  readonly workerShutdown = new Signal<WorkerSignal>('worker_shutdown');
}
