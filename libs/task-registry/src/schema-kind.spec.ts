import { Type, type TSchema } from '@sinclair/typebox';

import { defineTask } from './index.ts';

/** Schemas of other libraries, as far as what tells them apart. */
const foreign: readonly [string, unknown, string][] = [
  ['zod 4', { '~standard': { vendor: 'zod', version: 1 }, def: {} }, 'a schema of zod'],
  ['zod before 3.24', { _def: { typeName: 'ZodNumber' } }, 'a schema of zod'],
  ['arktype', Object.assign(() => 1, { '~standard': { vendor: 'arktype' } }), 'a schema of arktype'],
  ['a constructor', Number, 'a function'],
  ['a name of a type', 'number', 'of type string'],
  ['nothing', undefined, 'of type undefined'],
  ['null', null, 'null'],
  ['an array', ['number'], 'an array'],
];

describe('defineTask', () => {
  it.each(foreign)('refuses %s as a schema, and says what is accepted', (_what, schema, given) => {
    const message = `is ${given}, which is not accepted. It must be JSON Schema, such as TypeBox's Type.Number()`;
    const parameters: [string, TSchema][] = [['x', schema as TSchema]];
    expect(() => defineTask({ parameters })).toThrow(`The schema of parameter x ${message}`);
    if (schema === undefined) return; // a task without a result schema
    expect(() => defineTask({ parameters: [], result: schema as TSchema })).toThrow(
      `The schema of the result ${message}`,
    );
  });

  it('names the way from zod to JSON Schema', () => {
    const [[, zod] = []] = foreign;
    expect(() => defineTask({ parameters: [['x', zod as TSchema]] })).toThrow(
      'Type.Unsafe(z.toJSONSchema(schema))',
    );
  });

  it('does not compile with a schema of another library', () => {
    // @ts-expect-error: not a schema of TypeBox
    expect(() => defineTask({ parameters: [['x', { '~standard': { vendor: 'zod' } }]] })).toThrow('zod');
  });

  it('takes JSON Schema', () => {
    const task = defineTask({
      parameters: [['x', Type.Unsafe<number>({ type: 'number' })]],
      result: Type.Number(),
    });
    expect(task.kind).toBe('typed');
  });
});
