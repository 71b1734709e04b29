import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { EncodeError, float, PythonFloat } from '@celeriac/protocol';
import type { TSchema } from '@sinclair/typebox';

import { hasShape, isRecord, schemasIn } from './value-shape.ts';
import type { ResolveReference, SchemaKeywords } from './value-shape.ts';

/** Marks numbers in a value for writing; gives the value itself where there is nothing to mark. */
export type NumberWriter = (value: unknown) => unknown;

/** Types that JSON has; TypeBox knows others (`Date`, `bigint`, `undefined`), which no JSON can carry. */
const jsonTypes: ReadonlySet<unknown> = new Set([
  'null',
  'boolean',
  'number',
  'integer',
  'string',
  'array',
  'object',
]);

/** A recursive schema may describe a value that contains itself. */
const maxDepth = 1000;

/** What the writers of one schema share: where its references lead. */
interface Scope {
  readonly resolve: ResolveReference;
  readonly writers: Map<SchemaKeywords, NumberWriter>;
}

/**
 * Compiles a schema into a function that marks the numbers of a value as the schema says: `number` is written as a
 * float (`9.0`), `integer` as an integer (`9`), whatever JavaScript made of them. Where a union has both, an integral
 * value is an integer. What the schema does not describe stays as it is; values are copied, never changed.
 *
 * @returns a function that throws EncodeError when a value is no integer where the schema says so
 * @throws ImproperlyConfiguredError when the schema has a type that JSON lacks
 */
export function compileNumberWriter(schema: TSchema): NumberWriter {
  const named = collectNamed(schema, new Map<string, SchemaKeywords>([['#', schema]]));
  return compile(schema, { resolve: (reference) => named.get(reference), writers: new Map() });
}

/** True for the writer that changes nothing. */
export function isIdentity(write: NumberWriter): boolean {
  return write === identity;
}

function identity(value: unknown): unknown {
  return value;
}

function compile(schema: SchemaKeywords, scope: Scope): NumberWriter {
  const reference = schema['$ref'];
  if (typeof reference === 'string') return compileReference(reference, scope);
  if (Object.hasOwn(schema, 'const') || Object.hasOwn(schema, 'enum')) return identity;
  const choices = schemasIn(schema['anyOf'] ?? schema['oneOf']);
  if (choices.length > 0) return compileUnion(choices, scope);
  const parts = schemasIn(schema['allOf']);
  if (parts.length > 0) return inSequence(parts.map((part) => compile(part, scope)));
  const { type } = schema;
  if (Array.isArray(type))
    return compileUnion(
      type.map((one: unknown) => ({ ...schema, type: one })),
      scope,
    );
  switch (type) {
    case 'number':
      return writeAsFloat;
    case 'integer':
      return writeAsInteger;
    case 'array':
      return compileArray(schema, scope);
    case 'object':
      return compileObject(schema, scope);
    default:
      if (type === undefined || jsonTypes.has(type)) return identity;
      throw new ImproperlyConfiguredError(
        `A schema of type ${JSON.stringify(type)} is no JSON Schema; for a value that JSON lacks, take Type.Unsafe`,
      );
  }
}

function writeAsFloat(value: unknown): unknown {
  if (typeof value === 'number') return float(value);
  return typeof value === 'bigint' ? float(Number(value)) : value;
}

function writeAsInteger(value: unknown): unknown {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return Object.is(value, -0) ? 0 : value;
    // as a number it would be written with an exponent, and Python would read a float
    if (Number.isInteger(value)) return BigInt(value);
  }
  if (typeof value === 'number' || value instanceof PythonFloat) {
    throw new EncodeError(
      `The schema says integer, got ${String(value)}; return an integer, or declare a number`,
    );
  }
  return value;
}

function compileArray(schema: SchemaKeywords, scope: Scope): NumberWriter {
  const { items } = schema;
  if (isRecord(items)) {
    const write = compile(items, scope);
    if (isIdentity(write)) return identity;
    return (value) => (Array.isArray(value) ? value.map((item: unknown) => write(item)) : value);
  }
  const tuple = schemasIn(items).map((item) => compile(item, scope));
  if (tuple.every(isIdentity)) return identity;
  return (value) =>
    Array.isArray(value) ? value.map((item: unknown, at) => (tuple[at] ?? identity)(item)) : value;
}

function compileObject(schema: SchemaKeywords, scope: Scope): NumberWriter {
  const named = new Map(
    Object.entries(isRecord(schema['properties']) ? schema['properties'] : {}).map(([name, member]) => [
      name,
      isRecord(member) ? compile(member, scope) : identity,
    ]),
  );
  const patterns = Object.entries(
    isRecord(schema['patternProperties']) ? schema['patternProperties'] : {},
  ).map(([pattern, member]) => ({
    pattern: new RegExp(pattern, 'u'),
    write: isRecord(member) ? compile(member, scope) : identity,
  }));
  const { additionalProperties } = schema;
  const others = isRecord(additionalProperties) ? compile(additionalProperties, scope) : identity;
  if ([...named.values(), ...patterns.map(({ write }) => write), others].every(isIdentity)) return identity;

  const writerOf = (name: string): NumberWriter =>
    named.get(name) ?? patterns.find(({ pattern }) => pattern.test(name))?.write ?? others;
  return (value) => {
    // an object that writes itself is no longer this one once copied
    if (!isRecord(value) || typeof value['toJSON'] === 'function') return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, writerOf(name)(member)]));
  };
}

/** Integral numbers prefer `integer`, other numbers `number`; anything else goes to the first member of its shape. */
function compileUnion(choices: readonly SchemaKeywords[], scope: Scope): NumberWriter {
  const members = choices.map((choice) => ({ choice, write: compile(choice, scope) }));
  if (members.every(({ write }) => isIdentity(write))) return identity;
  const exactFirst = [
    ...members.filter(({ write }) => write !== writeAsFloat),
    ...members.filter(({ write }) => write === writeAsFloat),
  ];
  return (value) => {
    const member = exactFirst.find(({ choice }) => hasShape(choice, value, scope.resolve));
    return member === undefined ? value : member.write(value);
  };
}

function inSequence(writers: readonly NumberWriter[]): NumberWriter {
  const working = writers.filter((write) => !isIdentity(write));
  if (working.length === 0) return identity;
  return (value) => working.reduce((written, write) => write(written), value);
}

/** The writer of a named schema, made once: a schema may refer to itself, so the name is known before its writer is. */
function compileReference(reference: string, scope: Scope): NumberWriter {
  const target = scope.resolve(reference);
  if (target === undefined) {
    throw new ImproperlyConfiguredError(`The schema refers to '${reference}', which it does not contain`);
  }
  const known = scope.writers.get(target);
  if (known !== undefined) return known;

  let write: NumberWriter = identity;
  let depth = 0;
  scope.writers.set(target, (value) => {
    if (depth === maxDepth)
      throw new EncodeError(`A value is nested deeper than ${maxDepth} levels of '${reference}'`);
    depth += 1;
    try {
      return write(value);
    } finally {
      depth -= 1;
    }
  });
  write = compile(target, scope);
  return scope.writers.get(target) ?? write;
}

/** Every schema in `part` that has a name, under each name by which a `$ref` may call it. */
function collectNamed(part: unknown, named: Map<string, SchemaKeywords>): Map<string, SchemaKeywords> {
  if (Array.isArray(part)) for (const item of part) collectNamed(item, named);
  if (!isRecord(part)) return named;
  if (typeof part['$id'] === 'string') named.set(part['$id'], part);
  for (const keyword of ['$defs', 'definitions']) {
    const definitions = part[keyword];
    for (const [name, definition] of Object.entries(isRecord(definitions) ? definitions : {})) {
      if (isRecord(definition)) named.set(`#/${keyword}/${name}`, definition);
    }
  }
  for (const inner of Object.values(part)) collectNamed(inner, named);
  return named;
}
