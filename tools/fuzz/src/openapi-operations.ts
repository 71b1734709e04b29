/** One operation of an OpenAPI document, with a good example of everything it takes. */
export interface Operation {
  readonly method: string;
  /** With its parameters in braces: `/tasks/{name}`. */
  readonly path: string;
  /** An example of each parameter in the path or the query. */
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly example: unknown }[];
  /** An example of its JSON body; undefined when it takes none. */
  readonly body: unknown;
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly format?: string;
}

interface OperationObject {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema?: Schema;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
}

/** What an OpenAPI 3.1 document says can be asked for. */
export function operationsOf(document: unknown): Operation[] {
  const { paths } = document as {
    paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
      const schema = requestBody?.content?.['application/json']?.schema;
      return {
        method: method.toUpperCase(),
        path,
        parameters: parameters.map(({ name, in: place, schema: own = {}, example }) => ({
          name,
          in: place,
          example: example ?? exampleOf(own),
        })),
        body: schema === undefined ? undefined : exampleOf(schema),
      };
    }),
  );
}

/** A value that a schema allows: its example, or one made of those of its parts. */
function exampleOf(schema: Schema): unknown {
  const { anyOf, const: constant, default: fallback, enum: members, example, examples, oneOf } = schema;
  const given = example ?? examples?.[0] ?? constant ?? members?.[0] ?? fallback;
  if (given !== undefined) return given;
  const choice = (anyOf ?? oneOf)?.[0];
  if (choice !== undefined) return exampleOf(choice);
  const type = Array.isArray(schema.type) ? (schema.type as string[])[0] : schema.type;
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, member]) => [name, exampleOf(member)]),
      );
    case 'array':
      return schema.items === undefined ? [] : [exampleOf(schema.items)];
    case 'number':
    case 'integer':
      return 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return schema.format === 'date-time' ? '2026-11-22T10:24:12.805Z' : 'add';
  }
}
