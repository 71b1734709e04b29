import { encodeTaskMessage, openTaskMessage, type TaskCall } from '@celeriac/protocol';
import {
  bound,
  defineHolder,
  implement,
  plainTask,
  TaskRegistry,
  withOptions,
  type ImplementedHolder,
  type RegisteredTask,
  type TaskContext,
  type TaskExecutionOptions,
} from '@celeriac/task-registry';
import { TaskDelivery } from '../receive/received-task.ts';
import { resolveTaskPolicy } from '../receive/task-policy.ts';
import { resolveWorkerSettings, type WorkerSettings } from '../worker-settings.ts';
import { FakeDelivery, type FakeDeliveryFields } from './fake-delivery.ts';

/** A task of one name in the queue `shop`, implemented by a function. */
export function holderOf(
  run: (context: TaskContext, ...args: never[]) => unknown,
  name = 'work',
): ImplementedHolder {
  return implement(defineHolder('shop', { [name]: plainTask() }), { [name]: bound(run) });
}

/** The same with options for its runs. */
export function optionedHolder(
  options: TaskExecutionOptions,
  run: (context: TaskContext, ...args: never[]) => unknown,
): ImplementedHolder {
  return implement(defineHolder('shop', { work: plainTask() }), { work: withOptions(options, bound(run)) });
}

export function registryOf(holder: ImplementedHolder): TaskRegistry {
  const registry = new TaskRegistry();
  registry.register(holder);
  return registry;
}

/** A task that is registered, from a function. */
export function registeredTask(run: (context: TaskContext, ...args: never[]) => unknown): RegisteredTask {
  return onlyTaskOf(holderOf(run));
}

/** The same with options for its runs. */
export function optionedTask(
  options: TaskExecutionOptions,
  run: (context: TaskContext, ...args: never[]) => unknown,
): RegisteredTask {
  return onlyTaskOf(optionedHolder(options, run));
}

/** The task of a holder of one. */
export function onlyTaskOf({ tasks: [task] }: ImplementedHolder): RegisteredTask {
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

export interface ReceivedTaskOptions {
  readonly delivery?: FakeDelivery;
  /** Of the worker that received it. */
  readonly settings?: Partial<WorkerSettings>;
}

/** A task that was received and found good. */
export function receivedTask(
  task: RegisteredTask,
  call: Partial<TaskCall> = {},
  { delivery = deliveryOfCall({ name: task.name, ...call }), settings = {} }: ReceivedTaskOptions = {},
): TaskDelivery & { delivery: FakeDelivery } {
  const opened = openTaskMessage(delivery);
  const policy = resolveTaskPolicy(task, resolveWorkerSettings(settings));
  return new TaskDelivery(delivery, opened, { task, policy }, opened.readBody()) as TaskDelivery & {
    delivery: FakeDelivery;
  };
}
