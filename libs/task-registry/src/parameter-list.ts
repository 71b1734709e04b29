import { ImproperlyConfiguredError } from '@celeriac/primitives';
import type { Static, TOptional, TSchema } from '@sinclair/typebox';

/**
 * A parameter's name and schema. A schema made by `Type.Optional` may be left out by the caller: the function then gets
 * the schema's `default`, or else `undefined`, for which its own default parameter applies.
 */
export type ParameterEntry = readonly [name: string, schema: TSchema];

/** A task's parameters in the order in which positional arguments fill them. Pairs, because an object type has no order. */
export type ParameterEntries = readonly ParameterEntry[];

/** Positional arguments as the schemas type them: `[x: number, y?: string]`. */
export type TypedArguments<P extends ParameterEntries> = P extends readonly [
  readonly [string, infer S extends TSchema],
  ...infer Rest extends ParameterEntries,
]
  ? S extends TOptional<TSchema>
    ? [argument?: Static<S>, ...rest: TypedArguments<Rest>]
    : [argument: Static<S>, ...rest: TypedArguments<Rest>]
  : P extends readonly []
    ? []
    : unknown[];

/** As many positional arguments as there are parameters, each of them unchecked. */
export type UncheckedArguments<P extends ParameterEntries> = P extends readonly [
  ParameterEntry,
  ...infer Rest extends ParameterEntries,
]
  ? [argument: unknown, ...rest: UncheckedArguments<Rest>]
  : P extends readonly []
    ? []
    : unknown[];

/** Keyword arguments as the schemas type them; each may be given by position instead. */
export type TypedKeywordArguments<P extends ParameterEntries> = {
  readonly [Name in P[number][0]]?: Static<Extract<P[number], readonly [Name, TSchema]>[1]>;
};

/** What binding needs of one parameter. */
export interface Parameter {
  readonly name: string;
  readonly schema: TSchema;
  readonly isOptional: boolean;
}

/** The parameters of a task, prepared for binding; see {@link createParameterList}. */
export interface ParameterList {
  readonly parameters: readonly Parameter[];
  /** How many parameters, counted from the first, have no default. */
  readonly requiredCount: number;
  /** Position by name. A Map, so that no name finds something on a prototype. */
  readonly positions: ReadonlyMap<string, number>;
}

/** TypeBox's mark on an optional schema, from the global symbol registry, so that no TypeBox code is loaded for it. */
const optionalMark = Symbol.for('TypeBox.Optional');

const identifier = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

/**
 * Prepares declared parameters for binding.
 *
 * @throws ImproperlyConfiguredError when a name is not a Python identifier or is used twice, or a required parameter
 * follows an optional one
 */
export function createParameterList(entries: ParameterEntries): ParameterList {
  const positions = new Map<string, number>();
  const parameters: Parameter[] = [];
  let requiredCount = 0;
  for (const [name, schema] of entries) {
    if (!identifier.test(name)) {
      throw new ImproperlyConfiguredError(
        `A parameter's name must be a Python identifier, got ${JSON.stringify(name)}`,
      );
    }
    if (positions.has(name)) {
      throw new ImproperlyConfiguredError(`Parameter '${name}' is declared twice; rename one of the two`);
    }
    const isOptional = Object.hasOwn(schema, optionalMark);
    if (!isOptional && requiredCount < parameters.length) {
      throw new ImproperlyConfiguredError(
        `Parameter '${name}' is required and follows an optional one; move it before, or make it optional`,
      );
    }
    if (!isOptional) requiredCount += 1;
    positions.set(name, parameters.length);
    parameters.push({ name, schema, isOptional });
  }
  return { parameters, requiredCount, positions };
}
