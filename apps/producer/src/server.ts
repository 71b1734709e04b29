import { calculatorHolders } from '@celeriac/calculator';
import { cutText, silentLogger, systemClock } from '@celeriac/primitives';
import type { Clock, Logger } from '@celeriac/primitives';
import type { TaskHolder } from '@celeriac/task-registry';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';

import { checkHost } from './allowed-hosts.ts';
import { limitAnswers } from './answer-budget.ts';
import { forbidSniffing } from './answer-headers.ts';
import { ByteBudget } from './byte-budget.ts';
import { CallerShares } from './caller-shares.ts';
import { sendProblem } from './error-response.ts';
import { createHttpServer } from './http-server.ts';
import { acceptJsonOnly } from './json-body.ts';
import { RouteMethods } from './method-not-allowed.ts';
import { openApi, openApiRoute } from './openapi.ts';
import { ProblemError } from './problem.ts';
import { watchRequest } from './request-end.ts';
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
  /** Host names that requests may name, as `resolveAllowedHosts` gives them. Default: any. */
  readonly allowedHosts?: ReadonlySet<string> | undefined;
  /** Bytes of bodies that are held for all requests together, and as many of answers. Default 16 MiB. */
  readonly maxHeldBytes?: number;
  /** Connections at a time; further ones are closed at once. Default 1000. */
  readonly maxConnections?: number;
  /** A request that has not arrived as a whole within this time is answered with 408. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** Results of calls that are kept for all callers together; no more than the client keeps. Default 50,000. */
  readonly maxResults?: number;
  /** Largest count of `GET /create_tasks/:count`, and of all such requests under way together. Default 10,000. */
  readonly maxCreateCount?: number;
  /** Most publishes of one `create_tasks` request that wait for their confirm at a time. Default 256. */
  readonly maxUnconfirmed?: number;
  /** Source of chance of `create_tasks`, in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Version that the OpenAPI document shows. Default `0.1.0`. */
  readonly version?: string;
}

/** Pipelined requests of one connection that wait for their answers at a time; one more closes it. */
const maxUnanswered = 16;

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
  const { allowedHosts, maxHeldBytes = 16 * 1024 * 1024 } = options;
  const { maxConnections = 1000, requestTimeoutMs = 30_000 } = options;
  const catalogue = new TaskCatalogue(holders);
  const app: FastifyInstance = fastify({
    logger: false,
    serverFactory: (handler) => createHttpServer(handler, { maxConnections, requestTimeoutMs }),
    routerOptions: { maxParamLength: maxParameterLength },
    // a request that a kept-alive connection brings during shutdown is served, and the connection closed after it
    return503OnClosing: false,
    clientErrorHandler: () => undefined, // createHttpServer has it
    frameworkErrors: (error, request, reply) => {
      sendProblem(error, request, reply, logger);
    },
  });
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, logger));
  app.setNotFoundHandler((request) => {
    throw new ProblemError(
      'not-found',
      `There is no ${cutText(request.url, 200)}; see /docs for what there is.`,
    );
  });
  forbidSniffing(app);
  refuseBeforeReading(app, allowedHosts);
  acceptJsonOnly(app, new ByteBudget(maxHeldBytes));
  limitAnswers(app, new ByteBudget(maxHeldBytes));
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
    const shares = new CallerShares(options.maxResults ?? 50_000);
    callTaskRoute(scope, { client, catalogue, clock, shares });
    taskResultRoute(scope, { client, catalogue });
    taskListRoute(scope, catalogue);
    healthRoutes(scope, options.isReady ?? (() => client.isConnected));
    openApiRoute(scope);
    methods.refuseOthers(scope);
  });
  return app;
}

/** What is decided by the head of a request alone, before its route is. */
function refuseBeforeReading(app: FastifyInstance, allowedHosts: ReadonlySet<string> | undefined): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request;
    if (watchRequest(raw, reply.raw) > maxUnanswered) {
      raw.socket.destroy();
      return;
    }
    checkHost(raw, allowedHosts);
    done();
  });
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
