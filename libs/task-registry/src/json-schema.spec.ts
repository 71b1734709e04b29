import { Type } from '@sinclair/typebox';

import { jsonSchemaOf } from './json-schema.ts';
import { defineTask, plainTask } from './task-declaration.ts';

describe('jsonSchemaOf', () => {
  it('describes arguments by position and by name, and the result', () => {
    const task = defineTask({
      parameters: [
        ['x', Type.Number({ description: 'what to round' })],
        ['digits', Type.Optional(Type.Integer({ default: 0 }))],
      ],
      result: Type.Union([Type.Number(), Type.Literal('ND')]),
    });
    const x = { type: 'number', description: 'what to round' };
    const digits = { type: 'integer', default: 0 };
    expect(jsonSchemaOf(task)).toStrictEqual({
      args: {
        type: 'array',
        prefixItems: [
          { title: 'x', ...x },
          { title: 'digits', ...digits },
        ],
        maxItems: 2,
      },
      kwargs: { type: 'object', properties: { x, digits }, additionalProperties: false },
      required: ['x'],
      result: { anyOf: [{ type: 'number' }, { const: 'ND', type: 'string' }] },
    });
  });

  it('has no empty prefixItems, which JSON Schema forbids', () => {
    expect(jsonSchemaOf(defineTask({ parameters: [] }))).toStrictEqual({
      args: { type: 'array', maxItems: 0 },
      kwargs: { type: 'object', properties: {}, additionalProperties: false },
      required: [],
      result: {},
    });
  });

  it('lets a plain task have anything', () => {
    expect(jsonSchemaOf(plainTask())).toStrictEqual({
      args: { type: 'array' },
      kwargs: { type: 'object' },
      required: [],
      result: {},
    });
  });
});
