import type { Delivery } from '@celeriac/amqp-transport';
import type { OpenedTask, TaskBody, TaskRequest } from '@celeriac/protocol';
import type { RegisteredTask } from '@celeriac/task-registry';
import type { TaskPolicy } from './task-policy.ts';

/** A task message whose headers have been read and found good: what is to be run, and the delivery that is to be settled for it. */
export interface ReceivedTask {
  /** Replaced while the task runs, when its channel was lost and the broker has delivered the message here again. */
  delivery: Delivery;
  readonly opened: OpenedTask;
  readonly request: TaskRequest;
  /** Read when it is first asked for: a task waits undecoded. Throws what {@link readBody} does. */
  readonly body: TaskBody;
  readonly task: RegisteredTask;
  readonly policy: TaskPolicy;
  /** False once it was started, or has turned out to be not to run. */
  isWaiting: boolean;
  /** When its run began, ms since the epoch. */
  startedAt: number | undefined;
  /**
   * Reads the body, unless that is done.
   *
   * @throws InvalidTaskError | DecodeError | ContentDisallowedError when it cannot be read
   */
  readBody(): TaskBody;
  /** Lets go of the body that was read, as it is to wait. */
  releaseBody(): void;
}

export class TaskDelivery implements ReceivedTask {
  delivery: Delivery;
  readonly opened: OpenedTask;
  readonly request: TaskRequest;
  readonly task: RegisteredTask;
  readonly policy: TaskPolicy;
  isWaiting = true;
  startedAt: number | undefined;
  #body: TaskBody | undefined;

  /**
   * @param body what has been read of it; undefined: it waits
   * @throws InvalidTaskError when its headers cannot be what they are
   */
  constructor(
    delivery: Delivery,
    opened: OpenedTask,
    { task, policy }: Pick<ReceivedTask, 'task' | 'policy'>,
    body: TaskBody | undefined,
  ) {
    this.delivery = delivery;
    this.opened = opened;
    this.request = opened.readRequest();
    this.task = task;
    this.policy = policy;
    this.#body = body;
  }

  get body(): TaskBody {
    return this.readBody();
  }

  readBody(): TaskBody {
    this.#body ??= this.opened.readBody();
    return this.#body;
  }

  releaseBody(): void {
    this.#body = undefined;
    this.opened.releaseBody();
  }
}
