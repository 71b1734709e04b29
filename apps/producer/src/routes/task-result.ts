import { cutText } from '@celeriac/primitives';
import { compileNumberWriter } from '@celeriac/task-registry';
import type { NumberWriter } from '@celeriac/task-registry';
import { writeJson } from '@celeriac/protocol';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance, FastifyReply } from 'fastify';

import { jsonResponse, problemResponses } from '../openapi.ts';
import { plainResult } from '../plain-result.ts';
import { ProblemError, problemOfFields } from '../problem.ts';
import type { TaskCatalogue } from '../task-catalogue.ts';
import type { TaskClient, TaskResult } from '../task-client.ts';

export interface TaskResultOptions {
  readonly client: TaskClient;
  readonly catalogue: TaskCatalogue;
}

/** Longest wait of one request, in seconds. */
const maxWaitSeconds = 60;

const taskStateSchema = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'Name of the task.' }),
  state: Type.String({
    description: 'PENDING, STARTED, SUCCESS, FAILURE, RETRY, REVOKED, or a state of the task itself.',
  }),
  result: Type.Optional(
    Type.Unknown({
      description:
        'What the task returned; there once the state is SUCCESS. NaN, Infinity and -Infinity, which JSON lacks, are strings here.',
    }),
  ),
  error: Type.Optional(
    Type.Object(
      {
        exc_type: Type.String({ description: 'Python class of the exception.' }),
        exc_module: Type.String({ description: 'Module of that class.' }),
        message: Type.String({ description: "What Python's str() of the exception shows." }),
        traceback: Type.Union([Type.String(), Type.Null()]),
      },
      { description: 'Why the task failed.' },
    ),
  ),
});

/** `GET /tasks/:id`: state and result of a task this producer sent, now or after a wait. */
export function taskResultRoute(app: FastifyInstance, { client, catalogue }: TaskResultOptions): void {
  const waits = new Waits();
  app.addHook('preClose', (done) => {
    waits.endAll();
    done();
  });
  const writers = resultWriters(catalogue);

  app.get<{ Params: { id: string }; Querystring: { wait?: unknown } }>(
    '/tasks/:id',
    {
      schema: {
        summary: 'State and result of a task',
        description: 'Knows the tasks that this producer sent, until their results expire.',
        operationId: 'getTask',
        tags: ['tasks'],
        params: Type.Object({ id: Type.String({ examples: [exampleId], description: 'Id of the task.' }) }),
        querystring: Type.Object({
          wait: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: maxWaitSeconds,
              examples: [2.5],
              description:
                'Seconds to wait for the task to be ready; then its state is the answer, ready or not.',
            }),
          ),
        }),
        response: {
          200: jsonResponse('What is known of the task.', taskStateSchema, {
            id: exampleId,
            name: 'add',
            state: 'SUCCESS',
            result: 9.5,
          }),
          ...problemResponses('invalid-parameter', 'unknown-result', 'overloaded'),
        },
      },
    },
    async (request, reply) => {
      const waitMs = readWait(request.query.wait) * 1000;
      const { id } = request.params;
      const task = client.findResult(id);
      if (task === undefined) {
        throw new ProblemError(
          'unknown-result',
          `No task ${JSON.stringify(cutText(id, 255))} was sent by this producer, or its result was forgotten: results expire, and of a caller that has many the oldest give way to new ones.`,
        );
      }
      if (waitMs > 0 && !task.isReady) await waits.until(task, waitMs, reply);
      reply.type('application/json; charset=utf-8').header('cache-control', 'no-store');
      return reply.send(writeTaskState(task, writers));
    },
  );
}

const exampleId = '7d1f0f9c-5a64-4a5e-9b0a-3f2d1c0b9a88';

function readWait(value: unknown): number {
  if (value === undefined) return 0;
  const seconds = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : NaN;
  if (seconds <= maxWaitSeconds) return seconds;
  throw problemOfFields('invalid-parameter', [
    {
      field: 'wait',
      message: `must be a number of seconds from 0 to ${maxWaitSeconds}, got ${cutText(JSON.stringify(value), 60)}`,
    },
  ]);
}

/** The waits under way: each ends with its task, its time, its client or the server, whichever is first. */
class Waits {
  readonly #underWay = new Set<AbortController>();

  async until(task: TaskResult, timeoutMs: number, reply: FastifyReply): Promise<void> {
    const controller = new AbortController();
    const end = (): void => {
      controller.abort();
    };
    this.#underWay.add(controller);
    reply.raw.once('close', end);
    try {
      await task.wait(timeoutMs, controller.signal);
    } finally {
      reply.raw.off('close', end);
      this.#underWay.delete(controller);
    }
  }

  /** Ends every wait, so that closing the server does not wait for them; each is answered with the state as it is. */
  endAll(): void {
    for (const controller of this.#underWay) controller.abort();
  }
}

function writeTaskState(task: TaskResult, writers: ReadonlyMap<string, NumberWriter>): string {
  const { id, name, state, error } = task;
  const isSuccess = task.isReady && state === 'SUCCESS';
  const write = writers.get(name);
  return writeJson({
    id,
    name,
    state,
    ...(isSuccess ? { result: plainResult(write === undefined ? task.result : write(task.result)) } : {}),
    ...(error === undefined
      ? {}
      : {
          error: {
            exc_type: error.excType,
            exc_module: error.excModule,
            message: error.message,
            traceback: error.traceback,
          },
        }),
  });
}

/**
 * Marks numbers by the task's result schema, so that a float keeps its decimal point: `9.0`, as Python has it.
 *
 * A value that does not fit the schema, from a worker with another idea of the task, is shown as it came.
 */
function resultWriters(catalogue: TaskCatalogue): ReadonlyMap<string, NumberWriter> {
  const writers = new Map<string, NumberWriter>();
  for (const { name, declaration } of catalogue.all()) {
    if (declaration.kind === 'plain' || declaration.result === undefined || writers.has(name)) continue;
    const write = compileNumberWriter(declaration.result);
    writers.set(name, (value) => {
      try {
        return write(value);
      } catch {
        return value;
      }
    });
  }
  return writers;
}
