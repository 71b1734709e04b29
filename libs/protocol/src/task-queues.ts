import { ImproperlyConfiguredError } from '@celeriac/primitives';
import {
  isQuorumQueue,
  resolveTaskQueue,
  type QueueType,
  type ResolvedTaskQueue,
  type TaskQueue,
} from './task-queue.ts';

/** A queue is not known and may not be created: `task_queues` lacks it, or its name is misspelt. */
export class QueueNotFoundError extends ImproperlyConfiguredError {
  readonly queue: string;

  constructor(queue: string, known: readonly string[]) {
    const names = known.length === 0 ? 'none' : known.join(', ');
    super(
      `queue ${queue} is not among task_queues (known: ${names}); ` +
        'define it, or let it be created with task_create_missing_queues',
    );
    this.queue = queue;
  }
}

export interface TaskQueuesOptions {
  /** `task_queues`. */
  readonly queues?: readonly (string | TaskQueue)[] | undefined;
  /** `task_create_missing_queues`. Default true. */
  readonly createMissing?: boolean | undefined;
  /** `task_create_missing_queue_type`. Default `classic`. */
  readonly createMissingQueueType?: QueueType | undefined;
  /** `task_queue_max_priority`, of queues that have none of their own and are not quorum queues, which have no priorities. */
  readonly maxPriority?: number | undefined;
}

/**
 * The queues that a program knows, by name and alias.
 *
 * [QUEUE-REGISTRY] Source: Celery 5.7.0, celery/app/amqp.py `Queues`; recorded task-messages: `queue_max_priority`,
 * `explicit_queue`.
 */
export class TaskQueues {
  readonly #options: TaskQueuesOptions;
  readonly #queues = new Map<string, ResolvedTaskQueue>();
  readonly #aliases = new Map<string, ResolvedTaskQueue>();

  /** @throws ImproperlyConfiguredError naming an option of a queue that is wrong, and its value */
  constructor(options: TaskQueuesOptions = {}) {
    this.#options = options;
    this.#missing('any'); // wrong options for missing queues are to be told now, not with the first of them
    for (const queue of options.queues ?? []) this.add(queue);
  }

  /** In the order in which they became known. */
  get known(): readonly ResolvedTaskQueue[] {
    return [...this.#queues.values()];
  }

  /** Makes a queue known; one of the same name is replaced. */
  add(queue: string | TaskQueue): ResolvedTaskQueue {
    const resolved = typeof queue === 'string' ? this.#missing(queue) : this.#withPriority(queue);
    this.#queues.set(resolved.name, resolved);
    if (resolved.alias !== undefined) this.#aliases.set(resolved.alias, resolved);
    return resolved;
  }

  has(name: string): boolean {
    return this.#queues.has(name) || this.#aliases.has(name);
  }

  /**
   * A queue by its name or alias, made known when it is missing and that is allowed; a definition is resolved.
   *
   * @throws QueueNotFoundError when it is missing and may not be created
   * @throws ImproperlyConfiguredError naming an option of the queue that is wrong, and its value
   */
  get(queue: string | TaskQueue): ResolvedTaskQueue {
    if (typeof queue !== 'string') return this.#withPriority(queue);
    const known = this.#aliases.get(queue) ?? this.#queues.get(queue);
    if (known !== undefined) return known;
    if (this.#options.createMissing === false) throw new QueueNotFoundError(queue, [...this.#queues.keys()]);
    return this.add(queue);
  }

  #missing(name: string): ResolvedTaskQueue {
    return this.#withPriority({ name, queueType: this.#options.createMissingQueueType ?? 'classic' });
  }

  #withPriority(queue: TaskQueue): ResolvedTaskQueue {
    const { maxPriority } = this.#options;
    const hasOwn = queue.maxPriority !== undefined || queue.queueArguments?.['x-max-priority'] !== undefined;
    return resolveTaskQueue(
      maxPriority === undefined || hasOwn || isQuorumQueue(queue) ? queue : { ...queue, maxPriority },
    );
  }
}
