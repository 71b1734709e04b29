import { cutText } from '@celeriac/primitives';
import { randomUUID } from 'node:crypto';

import type { Clock } from '@celeriac/primitives';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';

import { callBodySchema, readCall } from '../call-body.ts';
import { callerOf } from '../caller-shares.ts';
import type { CallerShares } from '../caller-shares.ts';
import { refuseCrossSite } from '../cross-site.ts';
import { jsonResponse, problemResponses } from '../openapi.ts';
import { ProblemError } from '../problem.ts';
import { publishCall } from '../publish.ts';
import type { TaskCatalogue } from '../task-catalogue.ts';
import type { TaskClient } from '../task-client.ts';

export interface CallTaskOptions {
  readonly client: TaskClient;
  readonly catalogue: TaskCatalogue;
  readonly clock: Clock;
  /** Whose results give way to those of new calls. */
  readonly shares: CallerShares;
}

const acceptedSchema = Type.Object({
  id: Type.String({ description: 'Id of the task.' }),
  name: Type.String(),
  queue: Type.String({ description: 'Queue the task was published to.' }),
  status_url: Type.String({ description: 'Where to ask for state and result; also the Location header.' }),
});

/** `POST /tasks/:name`: publishes one call; nothing that is refused reaches the broker. */
export function callTaskRoute(app: FastifyInstance, options: CallTaskOptions): void {
  const { client, catalogue, clock, shares } = options;
  /** Ids chosen by callers whose publish is under way: of two requests with one id at one time, one is refused. */
  const idsUnderWay = new Set<string>();

  app.post<{ Params: { name: string } }>(
    '/tasks/:name',
    {
      // a task that does not exist is a 404 whatever the body, which is not read then
      onRequest: [
        (request, _reply, done) => {
          findTasks(catalogue, request.params.name);
          done();
        },
        refuseCrossSite,
      ],
      schema: {
        summary: 'Call a task',
        description: 'Publishes one call of the task and answers once the broker has confirmed it.',
        operationId: 'callTask',
        tags: ['tasks'],
        params: Type.Object({ name: Type.String({ examples: ['add'], description: 'Name of the task.' }) }),
        body: callBodySchema,
        response: {
          202: jsonResponse(
            'The broker has taken the call.',
            acceptedSchema,
            { id: exampleId, name: 'add', queue: 'addition', status_url: `/tasks/${exampleId}` },
            { location: Type.String({ description: 'Where to ask for state and result.' }) },
          ),
          ...problemResponses(
            'malformed-body',
            'cross-site-request',
            'unknown-task',
            'task-id-in-use',
            'body-too-large',
            'unsupported-media-type',
            'invalid-call',
            'unroutable',
            'broker-unavailable',
            'publish-refused',
            'publish-unconfirmed',
            'publish-queue-full',
            'overloaded',
          ),
        },
      },
    },
    async (request, reply) => {
      const tasks = findTasks(catalogue, request.params.name);
      const { task, args, kwargs, options } = readCall(request.body, tasks, clock.now());
      request.body = undefined; // its values are not needed once they are written
      const id = options.taskId ?? randomUUID();
      if (idsUnderWay.has(id) || client.findResult(id) !== undefined) throw idInUse(id);
      idsUnderWay.add(id);
      const forgottenId = shares.add(callerOf(request.ip), id);
      if (forgottenId !== undefined) client.forgetResult(forgottenId);
      try {
        await publishCall(client, task.name, args, kwargs, { ...options, taskId: id });
      } catch (caught) {
        shares.remove(id);
        const isFateUnknown = caught instanceof ProblemError && caught.kind === 'publish-unconfirmed';
        throw isFateUnknown ? caught.with({ task_id: id }) : caught;
      } finally {
        idsUnderWay.delete(id);
      }
      const statusUrl = `/tasks/${id}`;
      return reply
        .code(202)
        .header('location', statusUrl)
        .send({ id, name: task.name, queue: task.queue, status_url: statusUrl });
    },
  );
}

const exampleId = '7d1f0f9c-5a64-4a5e-9b0a-3f2d1c0b9a88';

function findTasks(catalogue: TaskCatalogue, name: string): NonNullable<ReturnType<TaskCatalogue['find']>> {
  const tasks = catalogue.find(name);
  if (tasks !== undefined) return tasks;
  throw new ProblemError(
    'unknown-task',
    `There is no task named ${JSON.stringify(cutText(name, 100))}; GET /tasks lists those there are.`,
  );
}

function idInUse(id: string): ProblemError {
  return new ProblemError(
    'task-id-in-use',
    `/options/task_id ${id} is the id of a task that was sent already; leave task_id out, or look at /tasks/${id}.`,
    { errors: [{ field: '/options/task_id', message: 'is the id of a task that was sent already' }] },
  );
}
