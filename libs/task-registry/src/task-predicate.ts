import { CeleryError } from '@celeriac/primitives';

/**
 * A way for a task to end that is neither success nor failure; thrown, as in Celery.
 *
 * Source: Celery 5.7.0, celery/exceptions.py `TaskPredicate`, `Retry`, `Ignore`, `Reject`.
 */
export abstract class TaskPredicate extends CeleryError {}

/** What {@link Retry} sends again, where it differs from the run that asks for it. */
export interface RetryChanges {
  /** Positional arguments of the next run. Default those of this one, unchanged to the byte. */
  readonly args?: readonly unknown[] | undefined;
  /** Keyword arguments of the next run. Default those of this one. */
  readonly kwargs?: Readonly<Record<string, unknown>> | undefined;
  /** Queue to send to. Default where this run came from. */
  readonly queue?: string | undefined;
  /** 0 to 255. Default that of this run. */
  readonly priority?: number | undefined;
  /** Default that of this run. */
  readonly expires?: Date | undefined;
}

/** The task is to be run again: thrown by the `retry` of its context. */
export class Retry extends TaskPredicate {
  /** When the next run may start; undefined: at once. */
  readonly eta: Date | undefined;
  /** Why, for the state RETRY; undefined when the task gave no reason. */
  readonly exc: unknown;
  readonly changes: RetryChanges;

  constructor(eta: Date | undefined, exc?: unknown, changes: RetryChanges = {}) {
    super('ERR_TASK_FAILED', eta === undefined ? 'Retry now' : `Retry at ${eta.toISOString()}`);
    this.eta = eta;
    this.exc = exc;
    this.changes = changes;
  }
}

/**
 * Nothing is stored and nothing follows; the message is acknowledged.
 *
 * @example
 * throw new Ignore('somebody else has done it');
 */
export class Ignore extends TaskPredicate {
  constructor(reason = 'Ignored') {
    super('ERR_TASK_FAILED', reason);
  }
}

/**
 * The message is rejected: to its dead-letter exchange, or with `requeue` back to its queue. Has an effect only while it
 * is not acknowledged, that is with late acknowledgement, the default here.
 *
 * @example
 * throw new Reject('no such customer');
 */
export class Reject extends TaskPredicate {
  /** What the caller is told as the exception's first argument; null when nothing was given. */
  readonly reason: string | null;
  readonly requeue: boolean;

  constructor(reason: string | null = null, options: { readonly requeue?: boolean } = {}) {
    super(
      'ERR_TASK_FAILED',
      `reject requeue=${String(options.requeue ?? false)}: ${reason ?? 'no reason given'}`,
    );
    this.reason = reason;
    this.requeue = options.requeue ?? false;
  }
}
