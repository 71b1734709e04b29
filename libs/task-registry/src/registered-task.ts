import { bindArguments, functionName, unexpectedKeyword } from './bind-arguments.ts';
import { compileNumberWriter } from './number-writer.ts';
import type { NumberWriter } from './number-writer.ts';
import { assertArguments, parameterChecksOf } from './parameter-checks.ts';
import type { TaskContext } from './task-context.ts';
import type { AnyTaskDeclaration } from './task-declaration.ts';
import { checkExecutionOptions } from './task-execution-options.ts';
import type { TaskExecutionOptions } from './task-execution-options.ts';
import type { BoundTask } from './task-function.ts';
import type { HolderTask } from './task-holder.ts';

/** A task that a worker can run. */
export interface RegisteredTask {
  /** Name on the wire. */
  readonly name: string;
  readonly queue: string;
  readonly declaration: AnyTaskDeclaration;
  /** How it is run, where it says so itself. */
  readonly options: TaskExecutionOptions;
  /**
   * Binds the arguments and calls the function; gives what the function gives, a promise only if that is one.
   *
   * @param context called only for a bound task
   * @throws PythonError `TypeError` or `ValueError` when the arguments do not fit; else whatever the function throws
   */
  readonly run: (args: unknown[], kwargs: Record<string, unknown>, context: () => TaskContext) => unknown;
  /**
   * Marks the numbers of a result that Python shall see as floats, as the result's schema says.
   *
   * @throws EncodeError when the schema says integer and the value is a fraction
   */
  readonly encodeResult: (value: unknown) => unknown;
}

/** A task's function, bound or not, with its types left behind: binding and checking stand in for them at run time. */
export type AnyTaskImplementation = ((...args: never[]) => unknown) | BoundTask;

/**
 * Joins a declared task with its function. All decisions that do not depend on a call are taken here, once.
 *
 * @throws ImproperlyConfiguredError when an option has a value that it cannot have
 */
export function createRegisteredTask(
  task: HolderTask,
  implementation: AnyTaskImplementation,
  options: TaskExecutionOptions = {},
): RegisteredTask {
  const { name, queue, declaration } = task;
  checkExecutionOptions(name, options);
  const fit = createFit(name, declaration, typeof implementation !== 'function');
  return {
    name,
    queue,
    declaration,
    options,
    run: createRun(fit, implementation),
    encodeResult: createResultWriter(declaration),
  };
}

/** Gives the function's arguments for those of a call. */
type Fit = (args: unknown[], kwargs: Record<string, unknown>) => unknown[];

function createFit(name: string, declaration: AnyTaskDeclaration, isBound: boolean): Fit {
  if (declaration.kind === 'plain') {
    return (args, kwargs) => {
      // a bound task finds them in its request; another function could not know of them
      if (!isBound) refuseKeywords(name, kwargs);
      return args;
    };
  }
  const { parameterList, argumentsCheckedBy } = declaration;
  if (argumentsCheckedBy === 'caller')
    return (args, kwargs) => bindArguments(name, parameterList, args, kwargs);
  // compiled now, so that a schema that cannot be used stops the worker's start and not its first task
  parameterChecksOf(declaration);
  return (args, kwargs) => {
    const bound = bindArguments(name, parameterList, args, kwargs);
    assertArguments(name, declaration, bound);
    return bound;
  };
}

function createRun(fit: Fit, implementation: AnyTaskImplementation): RegisteredTask['run'] {
  if (typeof implementation === 'function') {
    return (args, kwargs) => implementation(...(fit(args, kwargs) as never[]));
  }
  const { run } = implementation;
  return (args, kwargs, context) => {
    const bound = fit(args, kwargs);
    return run(context(), ...(bound as never[]));
  };
}

function refuseKeywords(name: string, kwargs: Readonly<Record<string, unknown>>): void {
  const [keyword] = Object.keys(kwargs);
  if (keyword === undefined) return;
  throw unexpectedKeyword(functionName(name), keyword);
}

function createResultWriter(declaration: AnyTaskDeclaration): NumberWriter {
  if (declaration.kind === 'plain' || declaration.result === undefined) return (value) => value;
  return compileNumberWriter(declaration.result);
}
