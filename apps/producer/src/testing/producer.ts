import { calculatorHolders } from '@celeriac/calculator';
import { defineHolder, defineTask, plainTask } from '@celeriac/task-registry';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';

import { createServer } from '../server.ts';
import type { ServerOptions } from '../server.ts';
import { FakeTaskClient } from './fake-task-client.ts';

/** Noon of the day on which all specs run. */
export const nowMs = Date.UTC(2026, 10, 22, 12, 0, 0);

const greet = defineTask({
  parameters: [
    ['name', Type.String({ minLength: 1 })],
    ['times', Type.Optional(Type.Integer({ minimum: 1 }))],
  ],
  result: Type.String(),
  description: 'Greets somebody.',
});

/** Two queues that serve one task with a checked contract, and a task without schemas. */
export const greetingHolders = [
  defineHolder('greetings', { greet, anything: plainTask() }),
  defineHolder('greetings-canary', { greet }),
];

/** A server on a fake client, with the calculator's tasks and a few others. */
export function createTestProducer(options: Partial<ServerOptions> = {}): {
  readonly client: FakeTaskClient;
  readonly server: FastifyInstance;
} {
  const client = new FakeTaskClient();
  const server = createServer({
    client,
    holders: [...calculatorHolders, ...greetingHolders],
    clock: { now: () => nowMs },
    ...options,
  });
  return { client, server };
}
