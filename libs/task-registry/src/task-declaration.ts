import type { TSchema } from '@sinclair/typebox';

import { createParameterList } from './parameter-list.ts';
import type { ParameterEntries, ParameterList } from './parameter-list.ts';
import { assertJsonSchema } from './schema-kind.ts';

/**
 * Who checks arguments against the schemas. Number and names of arguments are checked by the worker in any case.
 *
 * - `everyone`: clients and HTTP before they publish, and the worker again before it runs: a mismatch fails the task
 *   with Python's `TypeError` (wrong type) or `ValueError` (right type, wrong value).
 * - `caller`: clients and HTTP alone. The worker's function gets `unknown` and decides for itself.
 */
export type ArgumentChecker = 'everyone' | 'caller';

/** A task as its callers know it; made by {@link defineTask}. */
export interface TaskDeclaration<
  P extends ParameterEntries = ParameterEntries,
  R extends TSchema = TSchema,
  C extends ArgumentChecker = ArgumentChecker,
> {
  readonly kind: 'typed';
  /** Name on the wire; undefined: the key under which the holder has it. */
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly parameters: P;
  readonly parameterList: ParameterList;
  /** Schema of the result; undefined: anything, and numbers are written as JavaScript has them. */
  readonly result: R | undefined;
  readonly argumentsCheckedBy: C;
}

/** A task without schemas; made by {@link plainTask}. */
export interface PlainTaskDeclaration {
  readonly kind: 'plain';
  /** Name on the wire; undefined: the key under which the holder has it. */
  readonly name: string | undefined;
  readonly description: string | undefined;
}

/** Any task that a holder can hold. */
export type AnyTaskDeclaration = TaskDeclaration | PlainTaskDeclaration;

/** What {@link defineTask} takes. */
export interface TaskOptions<
  P extends ParameterEntries,
  R extends TSchema,
  C extends ArgumentChecker = ArgumentChecker,
> {
  /** Name and schema of each parameter, in positional order; required ones first. */
  readonly parameters: P;
  /** Schema of the result; it decides how numbers are written. Default: anything. */
  readonly result?: R;
  /** One line for people, shown by the HTTP producer. */
  readonly description?: string;
  /** Default `everyone`. */
  readonly argumentsCheckedBy?: C;
  /** Name on the wire. Default: the key under which the holder has the task. */
  readonly name?: string;
}

/**
 * Declares a task: its parameters in order, its result, and who checks the arguments.
 *
 * @throws ImproperlyConfiguredError when a parameter's name is not a Python identifier or is used twice, or a required
 * parameter follows an optional one, or a schema is not JSON Schema (one of zod or another library)
 *
 * @example
 * const add = defineTask({
 *   parameters: [['x', Type.Number()], ['y', Type.Number()]],
 *   result: Type.Number(),
 * });
 */
export function defineTask<const P extends ParameterEntries, R extends TSchema = TSchema>(
  options: TaskOptions<P, R, 'everyone'>,
): TaskDeclaration<P, R, 'everyone'>;
export function defineTask<const P extends ParameterEntries, R extends TSchema = TSchema>(
  options: TaskOptions<P, R, 'caller'> & { readonly argumentsCheckedBy: 'caller' },
): TaskDeclaration<P, R, 'caller'>;
export function defineTask<P extends ParameterEntries, R extends TSchema>(
  options: TaskOptions<P, R>,
): TaskDeclaration<P, R> {
  const { parameters, result, description, name, argumentsCheckedBy = 'everyone' } = options;
  for (const [parameter, schema] of parameters) assertJsonSchema(schema, `parameter ${parameter}`);
  if (result !== undefined) assertJsonSchema(result, 'the result');
  const parameterList = createParameterList(parameters);
  return { kind: 'typed', name, description, parameters, parameterList, result, argumentsCheckedBy };
}

/**
 * Declares a task without schemas, for quick starts and for callers known only at run time: any positional arguments,
 * any result, numbers written as JavaScript has them (`9`, not `9.0`; return `float(9)` where Python must see a float).
 */
export function plainTask(
  options: { readonly name?: string; readonly description?: string } = {},
): PlainTaskDeclaration {
  return { kind: 'plain', name: options.name, description: options.description };
}
