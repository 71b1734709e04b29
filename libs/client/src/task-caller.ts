import {
  checkArguments,
  encodeArguments,
  type AnyTaskDeclaration,
  type HolderTask,
  type TaskArguments,
  type TaskDeclarations,
  type TaskHolder,
  type TaskKeywordArguments,
  type TaskResult,
} from '@celeriac/task-registry';
import type { ApplyOptions } from './apply-options.ts';
import type { AsyncResult } from './async-result.ts';
import { InvalidArgumentsError } from './task-errors.ts';

/** Sends a task by name; what a client does. */
export interface TaskSender {
  sendTask(
    name: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
    options: ApplyOptions,
    /** `queue` is where the task goes that is neither given nor routed one. */
    form: { readonly tupleArgs: boolean; readonly queue: string },
  ): Promise<AsyncResult>;
}

/** Options of a call that also gives arguments by name. */
export interface ApplyAsyncOptions<D extends AnyTaskDeclaration> extends ApplyOptions {
  readonly kwargs?: TaskKeywordArguments<D>;
}

/** Calls one declared task; arguments and result are typed by its declaration. */
export interface TaskCaller<D extends AnyTaskDeclaration> {
  readonly name: string;

  /**
   * Sends a call. Resolves once the broker has confirmed it.
   *
   * @throws InvalidArgumentsError when the arguments do not fit the declaration; nothing has been sent
   * @throws OperationalError when the broker does not take it
   */
  delay(...args: TaskArguments<D>): Promise<AsyncResult<TaskResult<D>>>;

  /** As `delay`, with options. */
  applyAsync(
    args: Partial<TaskArguments<D>>,
    options?: ApplyAsyncOptions<D>,
  ): Promise<AsyncResult<TaskResult<D>>>;
}

/** A caller for each task of a holder. */
export type TaskCallers<T extends TaskDeclarations> = { readonly [K in keyof T]: TaskCaller<T[K]> };

/** The callers of a holder's tasks, which send through `sender`. */
export function createTaskCallers<T extends TaskDeclarations>(
  sender: TaskSender,
  holder: TaskHolder<T>,
): TaskCallers<T> {
  const callers = Object.entries<HolderTask>(holder.tasks).map(([key, task]) => [
    key,
    createTaskCaller(sender, task),
  ]);
  return Object.fromEntries(callers) as TaskCallers<T>; // keys and types are those of T by construction
}

function createTaskCaller(sender: TaskSender, task: HolderTask): TaskCaller<AnyTaskDeclaration> {
  const { name, queue, declaration } = task;
  const applyAsync = async (
    args: readonly unknown[],
    { kwargs = {}, ...options }: ApplyAsyncOptions<AnyTaskDeclaration> = {},
    tupleArgs = false,
  ): Promise<AsyncResult> => {
    const problems = checkArguments(declaration, args, kwargs);
    if (problems.length > 0) throw new InvalidArgumentsError(name, problems);
    const encoded = encodeArguments(declaration, args, kwargs);
    return sender.sendTask(name, encoded.args, encoded.kwargs, options, { tupleArgs, queue });
  };
  return {
    name,
    applyAsync: (args, options) => applyAsync(args, options),
    delay: (...args) => applyAsync(args, {}, true),
  };
}
