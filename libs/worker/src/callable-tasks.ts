import { IllegalStateError } from '@celeriac/primitives';
import type {
  HolderTask,
  ImplementedHolder,
  TaskArguments,
  TaskDeclarations,
  TaskResult,
} from '@celeriac/task-registry';

/** A holder's tasks as functions that run where they are called. */
export type CallableTasks<T extends TaskDeclarations> = {
  readonly [K in keyof T]: (...args: TaskArguments<T[K]>) => TaskResult<T[K]> | Promise<TaskResult<T[K]>>;
};

/**
 * The tasks of a holder as functions: arguments are bound and checked as for a message, nothing goes over the wire.
 *
 * A bound task that reads its context fails with IllegalStateError: a direct call has no message.
 */
export function callableTasks<T extends TaskDeclarations>(
  implemented: ImplementedHolder<T>,
): CallableTasks<T> {
  const byName = new Map(implemented.tasks.map((task) => [task.name, task]));
  const functions = Object.entries<HolderTask>(implemented.holder.tasks).map(([key, { name }]) => [
    key,
    (...args: unknown[]): unknown =>
      byName.get(name)?.run(args, {}, () => {
        throw new IllegalStateError(
          `task ${name} was called directly and has no context; send it to a worker instead`,
        );
      }),
  ]);
  return Object.fromEntries(functions) as CallableTasks<T>; // keys and types are those of T by construction
}
