import type { Static, TSchema } from '@sinclair/typebox';

import type {
  ParameterEntries,
  TypedArguments,
  TypedKeywordArguments,
  UncheckedArguments,
} from './parameter-list.ts';
import type { TaskContext } from './task-context.ts';
import type { AnyTaskDeclaration, TaskDeclaration } from './task-declaration.ts';
import type { TaskExecutionOptions } from './task-execution-options.ts';

/** Positional arguments of a call to the task, as a caller must give them. */
export type TaskArguments<D extends AnyTaskDeclaration> = D extends TaskDeclaration
  ? TypedArguments<D['parameters']>
  : unknown[];

/** Keyword arguments of a call to the task; a plain task takes any. */
export type TaskKeywordArguments<D extends AnyTaskDeclaration> = D extends TaskDeclaration
  ? // eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- D has the names; the rule looks before D is known
    TypedKeywordArguments<D['parameters']>
  : Readonly<Record<string, unknown>>;

/** What a caller gets back. */
export type TaskResult<D extends AnyTaskDeclaration> =
  D extends TaskDeclaration<ParameterEntries, infer R> ? Static<R> : unknown;

/** Arguments as the worker's function gets them: unchecked where only the caller checks. */
type FunctionArguments<D extends AnyTaskDeclaration> =
  D extends TaskDeclaration<infer P, TSchema, infer C>
    ? C extends 'caller'
      ? UncheckedArguments<P>
      : TypedArguments<P>
    : never[]; // any function accepts never: a plain task's function may type its arguments as it likes

/** The function that carries out a task, typed from its declaration. */
export type TaskFunction<D extends AnyTaskDeclaration> = (
  ...args: FunctionArguments<D>
) => TaskResult<D> | Promise<TaskResult<D>>;

/** A function that wants the {@link TaskContext} before its arguments; made by {@link bound}. */
export interface BoundTask<A extends unknown[] = never[], R = unknown> {
  readonly kind: 'bound';
  readonly run: (context: TaskContext, ...args: A) => R;
}

/** A task's function, bound or not, with options for its runs; made by {@link withOptions}. */
export interface OptionedTask<I = unknown> {
  readonly kind: 'optioned';
  readonly options: TaskExecutionOptions;
  readonly implementation: I;
}

/**
 * What can implement a task: its function, or the same bound. A conditional type, because only as such the compiler
 * resolves it while it infers, so that `() => 'ND'` keeps its literal type.
 */
export type TaskImplementation<D extends AnyTaskDeclaration> = D extends AnyTaskDeclaration
  ? PlainImplementation<D> | OptionedTask<PlainImplementation<D>>
  : never;

type PlainImplementation<D extends AnyTaskDeclaration> =
  TaskFunction<D> | BoundTask<FunctionArguments<D>, TaskResult<D> | Promise<TaskResult<D>>>;

/**
 * Celery's `bind=True`: the task's context comes first, its arguments after it.
 *
 * @example
 * implement(reports, { build: bound((context, month) => build(month, context.signal)) });
 */
export function bound<A extends unknown[], R>(run: (context: TaskContext, ...args: A) => R): BoundTask<A, R> {
  return { kind: 'bound', run };
}

/**
 * Gives a task options for its runs: retries, limits, acknowledgement.
 *
 * @example
 * implement(shop, { charge: withOptions({ autoretryFor: [FetchError], retryBackoff: true, timeLimit: 30 }, charge) });
 */
export function withOptions<I>(options: TaskExecutionOptions, implementation: I): OptionedTask<I> {
  return { kind: 'optioned', options, implementation };
}
