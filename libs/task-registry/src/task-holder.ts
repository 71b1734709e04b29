import { ImproperlyConfiguredError } from '@celeriac/primitives';

import type { AnyTaskDeclaration } from './task-declaration.ts';

/** Task declarations by the key under which code knows them. */
export type TaskDeclarations = Readonly<Record<string, AnyTaskDeclaration>>;

/** One task of a holder: what a client needs to call it. */
export interface HolderTask<D extends AnyTaskDeclaration = AnyTaskDeclaration> {
  /** Name on the wire. */
  readonly name: string;
  /** Queue to which calls go. */
  readonly queue: string;
  readonly declaration: D;
}

/** A queue and the tasks that its workers serve: declarations only, so that producers can import it without the code. */
export interface TaskHolder<T extends TaskDeclarations = TaskDeclarations, Q extends string = string> {
  readonly queue: Q;
  readonly declarations: T;
  readonly tasks: { readonly [K in keyof T]: HolderTask<T[K]> };
}

/** AMQP carries names of queues and routing keys as short strings. */
const maxShortStringBytes = 255;

/**
 * Declares a queue and its tasks. The queue's name is exchange, queue and routing key alike, as with Celery's
 * `task_default_queue`.
 *
 * @throws ImproperlyConfiguredError when the queue's or a task's name is empty, a queue's name is longer than 255
 * bytes, or two tasks have one name
 *
 * @example
 * export const mathTasks = defineHolder('math', { add, multiply });
 */
export function defineHolder<const Q extends string, T extends TaskDeclarations>(
  queue: Q,
  declarations: T,
): TaskHolder<T, Q> {
  checkQueueName(queue);
  const keyByName = new Map<string, string>();
  const tasks = Object.entries(declarations).map(([key, declaration]): [string, HolderTask] => {
    const name = declaration.name ?? key;
    if (name === '') throw new ImproperlyConfiguredError(`Queue '${queue}': a task's name must not be empty`);
    const other = keyByName.get(name);
    if (other !== undefined) {
      throw new ImproperlyConfiguredError(
        `Queue '${queue}': tasks '${other}' and '${key}' are both named '${name}'`,
      );
    }
    keyByName.set(name, key);
    return [key, { name, queue, declaration }];
  });
  // fromEntries gives up the keys' types; they are those of T by construction
  return { queue, declarations, tasks: Object.fromEntries(tasks) as TaskHolder<T>['tasks'] };
}

function checkQueueName(queue: string): void {
  const bytes = Buffer.byteLength(queue);
  if (bytes === 0) throw new ImproperlyConfiguredError('A queue must have a name, got an empty one');
  if (bytes > maxShortStringBytes) {
    throw new ImproperlyConfiguredError(
      `The name of a queue must have at most ${maxShortStringBytes} bytes, got ${bytes}: '${queue.slice(0, 40)}…'`,
    );
  }
}
