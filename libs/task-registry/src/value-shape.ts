import { PythonFloat } from '@celeriac/protocol';

/** A JSON Schema as it is: keywords by name. */
export type SchemaKeywords = Readonly<Record<string, unknown>>;

/** Finds the schema that a `$ref` names. */
export type ResolveReference = (reference: string) => SchemaKeywords | undefined;

/** True for an object that is no array, no null: a schema, or a value that JSON writes with braces. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The items of an array of schemas, or none. */
export function schemasIn(value: unknown): readonly SchemaKeywords[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/**
 * Whether a value has the shape of a schema: type, constants, members, items. Bounds, patterns and formats are not
 * looked at. This picks the member of a union by which a result is written; it does not validate.
 */
export function hasShape(schema: SchemaKeywords, value: unknown, resolve: ResolveReference): boolean {
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const target = resolve(reference);
    return target !== undefined && hasShape(target, value, resolve);
  }
  if (Object.hasOwn(schema, 'const')) return schema['const'] === value;
  if (Array.isArray(schema['enum'])) return schema['enum'].includes(value);
  const choices = schemasIn(schema['anyOf'] ?? schema['oneOf']);
  if (choices.length > 0 && !choices.some((choice) => hasShape(choice, value, resolve))) return false;
  if (!schemasIn(schema['allOf']).every((part) => hasShape(part, value, resolve))) return false;
  const types = [schema['type']].flat();
  return types.some((type) => hasType(type, schema, value, resolve));
}

function hasType(type: unknown, schema: SchemaKeywords, value: unknown, resolve: ResolveReference): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'string':
    case 'boolean':
      return typeof value === type;
    case 'integer':
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' || value instanceof PythonFloat;
    case 'array':
      return Array.isArray(value) && hasItems(schema, value, resolve);
    case 'object':
      return isRecord(value) && !(value instanceof PythonFloat) && hasMembers(schema, value, resolve);
    default:
      return true;
  }
}

function hasItems(schema: SchemaKeywords, values: readonly unknown[], resolve: ResolveReference): boolean {
  const items = schema['items'];
  if (isRecord(items)) return values.every((value) => hasShape(items, value, resolve));
  const tuple = schemasIn(items);
  if (schema['additionalItems'] === false && values.length !== tuple.length) return false;
  return tuple.every((item, at) => at >= values.length || hasShape(item, values[at], resolve));
}

function hasMembers(
  schema: SchemaKeywords,
  value: Readonly<Record<string, unknown>>,
  resolve: ResolveReference,
): boolean {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  if (!required.every((name) => Object.hasOwn(value, String(name)))) return false;
  return Object.entries(value).every(([name, member]) => {
    const found = memberSchema(schema, name);
    return found === undefined ? schema['additionalProperties'] !== false : hasShape(found, member, resolve);
  });
}

/** The schema that an object's schema has for the member of that name: declared, by pattern, or for all others. */
export function memberSchema(schema: SchemaKeywords, name: string): SchemaKeywords | undefined {
  const { properties, patternProperties, additionalProperties } = schema;
  const property = isRecord(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (isRecord(property)) return property;
  for (const [pattern, member] of Object.entries(isRecord(patternProperties) ? patternProperties : {})) {
    if (isRecord(member) && new RegExp(pattern, 'u').test(name)) return member;
  }
  return isRecord(additionalProperties) ? additionalProperties : undefined;
}
