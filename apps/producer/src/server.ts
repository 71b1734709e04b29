import { calculatorHolders } from '@celeriac/calculator';
import { silentLogger, systemClock } from '@celeriac/primitives';
import type { Clock, Logger } from '@celeriac/primitives';
import type { TaskHolder } from '@celeriac/task-registry';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';

import { answerBrokenRequest } from './client-error.ts';
import { sendProblem } from './error-response.ts';
import { acceptJsonOnly, maxBodyBytes } from './json-body.ts';
import { RouteMethods } from './method-not-allowed.ts';
import { openApi, openApiRoute } from './openapi.ts';
import { ProblemError } from './problem.ts';
import { callTaskRoute } from './routes/call-task.ts';
import { createTasksRoute } from './routes/create-tasks.ts';
import { healthRoutes } from './routes/health.ts';
import { taskListRoute } from './routes/task-list.ts';
import { taskResultRoute } from './routes/task-result.ts';
import { TaskCatalogue } from './task-catalogue.ts';
import type { TaskClient } from './task-client.ts';

export interface ServerOptions {
  /** Publishes calls and remembers their results; the server neither connects nor closes it. */
  readonly client: TaskClient;
  /** The tasks that may be called. Two holders may have a task of one name; its first one is called by default. */
  readonly holders: readonly TaskHolder[];
  /** What `/health/ready` tells. Default: whether the client is connected. */
  readonly isReady?: () => boolean;
  /** Default: silent. There is no line for a request that went well. */
  readonly logger?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Largest count of `GET /create_tasks/:count`. Default 10,000. */
  readonly maxCreateCount?: number;
  /** Most publishes of one `create_tasks` request that wait for their confirm at a time. Default 256. */
  readonly maxUnconfirmed?: number;
  /** Source of chance of `create_tasks`, in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Version that the OpenAPI document shows. Default `0.1.0`. */
  readonly version?: string;
}

/** A request that has not arrived as a whole within this time is answered with 408. */
const requestTimeoutMs = 60_000;

/** Task ids and names have at most 255 characters; percent-encoding takes up to three times as many. */
const maxParameterLength = 1024;

/**
 * The HTTP producer, not listening yet: `listen` and `close` are the caller's, and so is the client, which must outlive
 * the server, as requests under way still publish while it closes.
 *
 * @example
 * const server = createServer({ client, holders: calculatorHolders, logger });
 * await server.listen({ host: '127.0.0.1', port: 8000 });
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const { client, holders, logger = silentLogger, clock = systemClock, version = '0.1.0' } = options;
  const catalogue = new TaskCatalogue(holders);
  const app: FastifyInstance = fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    routerOptions: { maxParamLength: maxParameterLength },
    // a request that a kept-alive connection brings during shutdown is served, and the connection closed after it
    return503OnClosing: false,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => {
      sendProblem(error, request, reply, logger);
    },
  });
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, logger));
  app.setNotFoundHandler((request) => {
    throw new ProblemError(
      'not-found',
      `There is no ${request.url.slice(0, 200)}; see /docs for what there is.`,
    );
  });
  acceptJsonOnly(app);
  closeConnectionsWithServer(app);
  // schemas describe the routes; each route reads its own input, because ajv would coerce it and name no remedy
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));

  app.register(async (scope) => {
    await openApi(scope, version);
    const methods = new RouteMethods();
    methods.watch(scope);
    createTasksRoute(scope, {
      client,
      holders: calculatorHolders,
      maxCount: options.maxCreateCount ?? 10_000,
      maxUnconfirmed: options.maxUnconfirmed ?? 256,
      random: options.random ?? Math.random,
    });
    callTaskRoute(scope, { client, catalogue, clock });
    taskResultRoute(scope, { client, catalogue });
    taskListRoute(scope, catalogue);
    healthRoutes(scope, options.isReady ?? (() => client.isConnected));
    openApiRoute(scope);
    methods.refuseOthers(scope);
  });
  return app;
}

/** Ends a connection with the answer it waits for while the server closes; kept alive, it would hold the server open. */
function closeConnectionsWithServer(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) reply.header('connection', 'close');
    done();
  });
}
