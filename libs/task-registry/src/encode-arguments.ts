import { compileNumberWriter } from './number-writer.ts';
import type { NumberWriter } from './number-writer.ts';
import type { AnyTaskDeclaration, TaskDeclaration } from './task-declaration.ts';

/** Arguments of a call, ready to be written. */
export interface CallArguments {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

const writersByDeclaration = new WeakMap<TaskDeclaration, readonly NumberWriter[]>();

/**
 * Marks the numbers of a call's arguments as the schemas of their parameters say, so that a Python worker gets `7.0`
 * where the contract has a number, though JavaScript calls it `7`. Arguments that no parameter takes stay as they are.
 *
 * @throws EncodeError when a schema says integer and the value is a fraction
 * @throws ImproperlyConfiguredError when a schema has a type that JSON lacks
 */
export function encodeArguments(
  declaration: AnyTaskDeclaration,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>> = {},
): CallArguments {
  if (declaration.kind === 'plain') return { args, kwargs };
  const writers = writersOf(declaration);
  const { positions } = declaration.parameterList;
  return {
    args: args.map((value, at) => writers[at]?.(value) ?? value),
    kwargs: Object.fromEntries(
      Object.entries(kwargs).map(([name, value]) => [
        name,
        writers[positions.get(name) ?? -1]?.(value) ?? value,
      ]),
    ),
  };
}

function writersOf(declaration: TaskDeclaration): readonly NumberWriter[] {
  const known = writersByDeclaration.get(declaration);
  if (known !== undefined) return known;
  const writers = declaration.parameterList.parameters.map(({ schema }) => compileNumberWriter(schema));
  writersByDeclaration.set(declaration, writers);
  return writers;
}
