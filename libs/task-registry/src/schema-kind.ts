import { ImproperlyConfiguredError } from '@celeriac/primitives';

/**
 * Refuses what is not a JSON Schema, such as a schema of zod, before ajv stumbles over its insides.
 *
 * @param owner whose schema it is, for the message of the error
 * @throws ImproperlyConfiguredError saying what was given and what is accepted
 */
export function assertJsonSchema(schema: unknown, owner: string): void {
  const given = foreignKind(schema);
  if (given === undefined) return;
  throw new ImproperlyConfiguredError(
    `The schema of ${owner} is ${given}, which is not accepted. It must be JSON Schema, such as TypeBox's Type.Number()` +
      (given.includes('zod') ? ' or Type.Unsafe(z.toJSONSchema(schema))' : ''),
  );
}

/** What a schema is that is not JSON Schema; undefined for one that may be. */
function foreignKind(schema: unknown): string | undefined {
  if (typeof schema !== 'object' && typeof schema !== 'function') return `of type ${typeof schema}`;
  if (schema === null) return 'null';
  // https://standardschema.dev: zod, valibot, arktype and others
  if ('~standard' in schema) return `a schema of ${vendorOf(schema['~standard'])}`;
  if ('_def' in schema) return 'a schema of zod'; // before 3.24
  if (typeof schema === 'function') return 'a function';
  return Array.isArray(schema) ? 'an array' : undefined;
}

function vendorOf(standard: unknown): string {
  const isNamed = typeof standard === 'object' && standard !== null && 'vendor' in standard;
  return isNamed ? String(standard.vendor).slice(0, 40) : 'another library';
}
