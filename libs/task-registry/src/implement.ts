import { ImproperlyConfiguredError } from '@celeriac/primitives';

import { createRegisteredTask } from './registered-task.ts';
import type { AnyTaskImplementation, RegisteredTask } from './registered-task.ts';
import type { OptionedTask, TaskImplementation } from './task-function.ts';
import type { HolderTask, TaskDeclarations, TaskHolder } from './task-holder.ts';

/** A function for every task of the holder `H`; one missing, or with the wrong signature, does not compile. */
export type TaskImplementations<H extends TaskHolder> = {
  readonly [K in keyof H['declarations']]: TaskImplementation<H['declarations'][K]>;
};

/** A holder whose tasks can be run: what a worker serves. */
export interface ImplementedHolder<T extends TaskDeclarations = TaskDeclarations> {
  readonly holder: TaskHolder<T>;
  readonly tasks: readonly RegisteredTask[];
}

/**
 * Gives every task of a holder its function. The compiler checks names, arguments and results; the run time checks the
 * names again, for callers in JavaScript.
 *
 * @throws ImproperlyConfiguredError when a task has no function, a function has no task, or a result's schema has a type
 * that JSON lacks
 *
 * @example
 * export const tasks = implement(mathTasks, { add: (x, y) => x + y });
 */
export function implement<T extends TaskDeclarations>(
  holder: TaskHolder<T>,
  implementations: TaskImplementations<TaskHolder<T>>,
): ImplementedHolder<T> {
  const functions = new Map<string, unknown>(Object.entries(implementations));
  for (const key of functions.keys()) {
    if (Object.hasOwn(holder.tasks, key)) continue;
    throw new ImproperlyConfiguredError(
      `Queue '${holder.queue}' declares no task '${key}'; declare it, or remove it`,
    );
  }
  const tasks = Object.entries<HolderTask>(holder.tasks).map(([key, task]) => {
    const given = functions.get(key);
    const { implementation, options } = isOptioned(given) ? given : { implementation: given, options: {} };
    if (!isImplementation(implementation)) {
      throw new ImproperlyConfiguredError(
        `Task '${key}' of queue '${holder.queue}' needs a function, got ${typeof implementation}`,
      );
    }
    return createRegisteredTask(task, implementation, options);
  });
  return { holder, tasks };
}

function isImplementation(value: unknown): value is AnyTaskImplementation {
  if (typeof value === 'function') return true;
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'bound';
}

function isOptioned(value: unknown): value is OptionedTask {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'optioned';
}
