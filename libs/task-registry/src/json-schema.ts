import type { TSchema } from '@sinclair/typebox';

import type { AnyTaskDeclaration, TaskDeclaration } from './task-declaration.ts';

/** A schema as plain JSON: no symbols, no undefined. */
export type PlainJsonSchema = Readonly<Record<string, unknown>>;

/** The schemas of a task, for documents and for callers that do not use TypeScript. */
export interface TaskJsonSchema {
  /** A tuple in the form of JSON Schema 2020-12: `prefixItems`, `maxItems`. */
  readonly args: PlainJsonSchema;
  /** Every parameter by name; none is required, as each may be given by position. */
  readonly kwargs: PlainJsonSchema;
  /** Names of the parameters that a call must give, one way or the other. */
  readonly required: readonly string[];
  /** `{}`, anything, where the task does not say. */
  readonly result: PlainJsonSchema;
}

/** Describes a task's arguments and result as plain JSON, as OpenAPI 3.1 takes it. */
export function jsonSchemaOf(declaration: AnyTaskDeclaration): TaskJsonSchema {
  if (declaration.kind === 'plain')
    return { args: { type: 'array' }, kwargs: { type: 'object' }, required: [], result: {} };
  return {
    args: argsSchema(declaration),
    kwargs: kwargsSchema(declaration),
    required: declaration.parameterList.parameters.filter((one) => !one.isOptional).map(({ name }) => name),
    result: declaration.result === undefined ? {} : plain(declaration.result),
  };
}

function argsSchema({ parameterList: { parameters } }: TaskDeclaration): PlainJsonSchema {
  const most = parameters.length;
  // prefixItems must not be empty; and no positional argument is required, as each may be given by name
  const prefixItems = parameters.map(({ name, schema }) => ({ title: name, ...plain(schema) }));
  return { type: 'array', ...(most === 0 ? {} : { prefixItems }), maxItems: most };
}

function kwargsSchema({ parameterList: { parameters } }: TaskDeclaration): PlainJsonSchema {
  const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, plain(schema)]));
  return { type: 'object', properties, additionalProperties: false };
}

/** TypeBox keeps its own marks under symbols, which JSON leaves out. */
function plain(schema: TSchema): PlainJsonSchema {
  return JSON.parse(JSON.stringify(schema)) as PlainJsonSchema;
}
