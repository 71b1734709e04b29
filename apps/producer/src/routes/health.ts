import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';

import { jsonResponse, problemResponses } from '../openapi.ts';
import { ProblemError } from '../problem.ts';

const healthSchema = Type.Object({ status: Type.String() });

/** `GET /health/live` and `GET /health/ready`, for whoever restarts the process and whoever routes to it. */
export function healthRoutes(app: FastifyInstance, isReady: () => boolean): void {
  app.get(
    '/health/live',
    {
      schema: {
        summary: 'Whether the process serves',
        description: 'Says yes as long as it can say anything, whatever the state of the broker.',
        operationId: 'isLive',
        tags: ['health'],
        response: { 200: jsonResponse('It does.', healthSchema, { status: 'live' }) },
      },
    },
    (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'live' }),
  );

  app.get(
    '/health/ready',
    {
      schema: {
        summary: 'Whether tasks can be published',
        description: 'Tells whether the broker can be reached now and the producer is not about to stop.',
        operationId: 'isReady',
        tags: ['health'],
        response: {
          200: jsonResponse('The broker can be reached.', healthSchema, { status: 'ready' }),
          ...problemResponses('broker-unavailable'),
        },
      },
    },
    (_request, reply) => {
      if (!isReady()) {
        throw new ProblemError(
          'broker-unavailable',
          'The broker cannot be reached and the producer keeps trying to connect, or the producer is about to stop.',
        );
      }
      return reply.header('cache-control', 'no-store').send({ status: 'ready' });
    },
  );
}
