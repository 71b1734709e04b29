export { defineTask, plainTask } from './task-declaration.ts';
export { defineHolder } from './task-holder.ts';
export { implement } from './implement.ts';
export { bound, withOptions } from './task-function.ts';
export { Ignore, Reject, Retry, TaskPredicate } from './task-predicate.ts';
export { SoftTimeLimitExceeded, TimeLimitExceeded } from './time-limit-errors.ts';
export { defaultRetryPolicy } from './task-execution-options.ts';
export { TaskRegistry } from './task-registry.ts';
export { checkArguments } from './check-arguments.ts';
export { encodeArguments } from './encode-arguments.ts';
export { jsonSchemaOf } from './json-schema.ts';
export { bindArguments } from './bind-arguments.ts';
export { createParameterList } from './parameter-list.ts';
export { compileNumberWriter } from './number-writer.ts';

export type {
  AnyTaskDeclaration,
  ArgumentChecker,
  PlainTaskDeclaration,
  TaskDeclaration,
  TaskOptions,
} from './task-declaration.ts';
export type { HolderTask, TaskDeclarations, TaskHolder } from './task-holder.ts';
export type { ImplementedHolder, TaskImplementations } from './implement.ts';
export type {
  BoundTask,
  OptionedTask,
  TaskArguments,
  TaskFunction,
  TaskImplementation,
  TaskKeywordArguments,
  TaskResult,
} from './task-function.ts';
export type { DeliveryInfo, RetryOptions, TaskContext, TaskContextRequest } from './task-context.ts';
export type { ErrorClass, RetryPolicy, TaskExecutionOptions } from './task-execution-options.ts';
export type { RetryChanges } from './task-predicate.ts';
export type { RegisteredTask } from './registered-task.ts';
export type { ArgumentProblem } from './argument-problem.ts';
export type { CallArguments } from './encode-arguments.ts';
export type { PlainJsonSchema, TaskJsonSchema } from './json-schema.ts';
export type {
  Parameter,
  ParameterEntries,
  ParameterEntry,
  ParameterList,
  TypedArguments,
  TypedKeywordArguments,
  UncheckedArguments,
} from './parameter-list.ts';
export type { NumberWriter } from './number-writer.ts';
