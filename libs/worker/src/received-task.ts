import type { Delivery } from '@celeriac/amqp-transport';
import type { OpenedTask, TaskBody, TaskRequest } from '@celeriac/protocol';
import type { RegisteredTask } from '@celeriac/task-registry';

/** A task message that has been read and found good: what is to be run, and the delivery that is to be settled for it. */
export interface ReceivedTask {
  readonly delivery: Delivery;
  readonly opened: OpenedTask;
  readonly request: TaskRequest;
  readonly body: TaskBody;
  readonly task: RegisteredTask;
}
