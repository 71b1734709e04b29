import { cutText } from '@celeriac/primitives';
import { PythonError } from '@celeriac/protocol';

import type { Parameter, ParameterList } from './parameter-list.ts';

/**
 * Binds the arguments of a call to declared parameters as Python binds them to a function's: keywords first, in the order
 * of the message, then too many positional arguments, then missing ones. The texts are those of CPython 3.11,
 * Python/ceval.c `initialize_locals`, `too_many_positional`, `format_missing`.
 *
 * Left-out optional parameters get the `default` of their schema, or else `undefined`.
 *
 * @param taskName the last part of a dotted name stands for the function, as in `add() missing 1 required …`
 * @returns `args` itself when it fits as it is
 * @throws PythonError `TypeError` when the arguments do not fit
 */
export function bindArguments(
  taskName: string,
  list: ParameterList,
  args: unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): unknown[] {
  const keywords = Object.keys(kwargs);
  if (args.length === list.parameters.length && keywords.length === 0) return args;

  const called = functionName(taskName);
  const bound = args.slice(0, list.parameters.length);
  const isFilled = list.parameters.map((_, position) => position < args.length);
  for (const keyword of keywords) {
    const position = list.positions.get(keyword);
    if (position === undefined) {
      throw unexpectedKeyword(called, keyword);
    }
    if (isFilled[position] === true) {
      throw new PythonError('TypeError', [`${called} got multiple values for argument '${keyword}'`]);
    }
    isFilled[position] = true;
    bound[position] = kwargs[keyword];
  }
  if (args.length > list.parameters.length) {
    throw new PythonError('TypeError', [`${called} ${tooManyPositional(list, args.length)}`]);
  }
  const missing = list.parameters.filter((parameter, at) => isFilled[at] === false && !parameter.isOptional);
  if (missing.length > 0) throw new PythonError('TypeError', [`${called} ${missingPositional(missing)}`]);

  for (const [position, parameter] of list.parameters.entries()) {
    if (isFilled[position] === false) bound[position] = defaultOf(parameter);
  }
  return bound;
}

/** How Python's messages call a task's function: `add()` for the task `shop.tasks.add`. */
export function functionName(taskName: string): string {
  return `${taskName.slice(taskName.lastIndexOf('.') + 1)}()`;
}

/** A name that came with the message may be as long as that; the text of the exception must not. */
const maxKeywordCharacters = 100;

/** @param called the function as {@link functionName} has it */
export function unexpectedKeyword(called: string, keyword: string): PythonError {
  const shown = cutText(keyword, maxKeywordCharacters);
  return new PythonError('TypeError', [`${called} got an unexpected keyword argument '${shown}'`]);
}

/** `takes 1 positional argument but 2 were given`, `takes from 1 to 2 positional arguments but 3 were given`. */
export function tooManyPositional({ parameters, requiredCount }: ParameterList, given: number): string {
  const most = parameters.length;
  const takes =
    requiredCount < most
      ? `from ${requiredCount} to ${most} positional arguments`
      : `${most} positional argument${most === 1 ? '' : 's'}`;
  return `takes ${takes} but ${given} ${given === 1 ? 'was' : 'were'} given`;
}

/** `missing 3 required positional arguments: 'x', 'y', and 'z'`. */
function missingPositional(missing: readonly Parameter[]): string {
  const names = missing.map(({ name }) => `'${name}'`);
  const last = names.pop() ?? '';
  const before =
    names.length > 1 ? `${names.join(', ')}, and ` : names.map((name) => `${name} and `).join('');
  return `missing ${missing.length} required positional argument${missing.length === 1 ? '' : 's'}: ${before}${last}`;
}

/** A copy where the default can be changed: calls must not share one. */
function defaultOf({ schema }: Parameter): unknown {
  const value: unknown = schema.default;
  return typeof value === 'object' ? structuredClone(value) : value;
}
