import { jsonSchemaOf } from '@celeriac/task-registry';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';

import { jsonResponse } from '../openapi.ts';
import type { TaskCatalogue } from '../task-catalogue.ts';

const jsonSchemaSchema = Type.Record(Type.String(), Type.Unknown(), {
  description: 'A JSON Schema (2020-12).',
});

const taskListSchema = Type.Object({
  tasks: Type.Array(
    Type.Object({
      name: Type.String({ description: 'Name of the task, for POST /tasks/{name}.' }),
      queue: Type.String({ description: 'Queue that serves it.' }),
      description: Type.Optional(Type.String()),
      call_url: Type.String({ description: 'Where to POST a call.' }),
      schema: Type.Object({ args: jsonSchemaSchema, kwargs: jsonSchemaSchema, result: jsonSchemaSchema }),
    }),
  ),
});

/** `GET /tasks`: what can be called, where it runs and what it takes. */
export function taskListRoute(app: FastifyInstance, catalogue: TaskCatalogue): void {
  const tasks = catalogue.all().map(({ name, queue, declaration }) => ({
    name,
    queue,
    ...(declaration.description === undefined ? {} : { description: declaration.description }),
    call_url: `/tasks/${encodeURIComponent(name)}`,
    schema: jsonSchemaOf(declaration),
  }));
  const body = JSON.stringify({ tasks });

  app.get(
    '/tasks',
    {
      schema: {
        summary: 'The callable tasks',
        description: 'Name, queue and schemas of every task this producer can call.',
        operationId: 'listTasks',
        tags: ['tasks'],
        response: {
          200: jsonResponse('All tasks.', taskListSchema, {
            tasks: [
              {
                name: 'greet',
                queue: 'greetings',
                description: 'Greets somebody.',
                call_url: '/tasks/greet',
                schema: {
                  args: { type: 'array', prefixItems: [{ type: 'string' }], minItems: 1, maxItems: 1 },
                  kwargs: { type: 'object', properties: { name: { type: 'string' } } },
                  result: { type: 'string' },
                },
              },
            ],
          }),
        },
      },
    },
    (_request, reply) => reply.type('application/json; charset=utf-8').send(body),
  );
}
