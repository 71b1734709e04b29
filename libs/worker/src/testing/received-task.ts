import { encodeTaskMessage, openTaskMessage, type TaskCall } from '@celeriac/protocol';
import {
  bound,
  defineHolder,
  implement,
  plainTask,
  TaskRegistry,
  type ImplementedHolder,
  type RegisteredTask,
  type TaskContext,
} from '@celeriac/task-registry';
import type { ReceivedTask } from '../received-task.ts';
import { FakeDelivery, type FakeDeliveryFields } from './fake-delivery.ts';

/** A task of one name in the queue `shop`, implemented by a function. */
export function holderOf(
  run: (context: TaskContext, ...args: never[]) => unknown,
  name = 'work',
): ImplementedHolder {
  return implement(defineHolder('shop', { [name]: plainTask() }), { [name]: bound(run) });
}

export function registryOf(holder: ImplementedHolder): TaskRegistry {
  const registry = new TaskRegistry();
  registry.register(holder);
  return registry;
}

/** A task that is registered, from a function. */
export function registeredTask(run: (context: TaskContext, ...args: never[]) => unknown): RegisteredTask {
  const [task] = holderOf(run).tasks;
  if (task === undefined) throw new Error('a holder of one task has a task');
  return task;
}

/** A delivery of a call of `work`, unless told otherwise. */
export function deliveryOfCall(call: Partial<TaskCall> = {}, fields: FakeDeliveryFields = {}): FakeDelivery {
  const message = encodeTaskMessage({
    name: 'work',
    id: 'an-id',
    args: [],
    kwargs: {},
    origin: 'spec@host',
    replyTo: 'replies',
    ...call,
  });
  return new FakeDelivery({ ...message, ...fields });
}

/** A task that was received and found good. */
export function receivedTask(
  task: RegisteredTask,
  call: Partial<TaskCall> = {},
  delivery = deliveryOfCall({ name: task.name, ...call }),
): ReceivedTask & { readonly delivery: FakeDelivery } {
  const opened = openTaskMessage(delivery);
  return { delivery, opened, task, request: opened.readRequest(), body: opened.readBody() };
}
