import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';

import { answerBrokenRequest } from './client-error.ts';

/** What connections and slow clients may take. */
export interface HttpServerLimits {
  /** Connections at a time; further ones are closed at once. */
  readonly maxConnections: number;
  /** A request that has not arrived as a whole within this time is answered with 408. */
  readonly requestTimeoutMs: number;
}

/** The head of a request must arrive within this time; so must the first one of a connection. */
const headersTimeoutMs = 10_000;

/** Requests that are too slow are looked for this often, at the most. */
const checkIntervalMs = 5000;

/** A connection over which nothing has passed for this time is closed: longer than any wait for a result. */
const idleTimeoutMs = 120_000;

/** A connection between two requests; longer than the usual load balancers keep theirs. */
const keepAliveTimeoutMs = 72_000;

/** Node's HTTP server with all its limits. Fastify makes one for each address that `localhost` has, and configures the first alone. */
export function createHttpServer(
  handler: RequestListener,
  { maxConnections, requestTimeoutMs }: HttpServerLimits,
): Server {
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      connectionsCheckingInterval: Math.min(checkIntervalMs, Math.ceil(requestTimeoutMs / 4)),
      keepAliveTimeout: keepAliveTimeoutMs,
      // checkHost asks for it, and answers with a problem document
      requireHostHeader: false,
    },
    handler,
  );
  server.maxConnections = maxConnections;
  server.setTimeout(idleTimeoutMs);
  server.on('clientError', answerBrokenRequest);
  // an expectation that is not known may be ignored; Node's own refusal would have neither body nor headers
  server.on('checkExpectation', handler);
  return server;
}
