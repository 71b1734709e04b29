import type { Delivery } from '@celeriac/amqp-transport';
import type { OpenedTask, TaskBody, TaskRequest } from '@celeriac/protocol';
import type { RegisteredTask } from '@celeriac/task-registry';
import type { TaskPolicy } from './task-policy.ts';

/** A task message that has been read and found good: what is to be run, and the delivery that is to be settled for it. */
export interface ReceivedTask {
  /** Replaced while the task runs, when its channel was lost and the broker has delivered the message here again. */
  delivery: Delivery;
  readonly opened: OpenedTask;
  readonly request: TaskRequest;
  readonly body: TaskBody;
  readonly task: RegisteredTask;
  readonly policy: TaskPolicy;
  /** When its run began, ms since the epoch. */
  startedAt: number | undefined;
}
