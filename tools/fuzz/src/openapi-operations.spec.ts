import { operationsOf } from './openapi-operations.ts';

describe('operationsOf', () => {
  it('finds methods, parameters and bodies, with an example of each', () => {
    const document = {
      paths: {
        '/tasks/{name}': {
          post: {
            parameters: [{ name: 'name', in: 'path', schema: { type: 'string', examples: ['add'] } }],
            requestBody: {
              content: {
                'application/json': {
                  schema: {
                    type: 'object',
                    properties: {
                      args: { type: 'array', items: { type: ['integer', 'null'] } },
                      eta: { type: 'string', format: 'date-time' },
                      how: { anyOf: [{ const: 'fast' }, { const: 'slow' }] },
                    },
                  },
                },
              },
            },
          },
          get: {},
        },
      },
    };
    expect(operationsOf(document)).toEqual([
      {
        method: 'POST',
        path: '/tasks/{name}',
        parameters: [{ name: 'name', in: 'path', example: 'add' }],
        body: { args: [1], eta: '2026-11-22T10:24:12.805Z', how: 'fast' },
      },
      { method: 'GET', path: '/tasks/{name}', parameters: [], body: undefined },
    ]);
  });
});
