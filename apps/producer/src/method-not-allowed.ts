import type { FastifyInstance, HTTPMethods, RouteOptions } from 'fastify';

import { ProblemError } from './problem.ts';

const answeredMethods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The methods of each path, gathered while routes are registered. */
export class RouteMethods {
  readonly #methodsByPath = new Map<string, { readonly url: string; readonly methods: Set<string> }>();

  /** Notes every route that is registered from now on. */
  watch(app: FastifyInstance): void {
    app.addHook('onRoute', (route: RouteOptions) => {
      // two methods of one path may name its parameter differently
      const path = route.url.replaceAll(/:[^/]+/g, ':');
      const known = this.#methodsByPath.get(path) ?? { url: route.url, methods: new Set() };
      for (const method of [route.method].flat()) known.methods.add(method);
      this.#methodsByPath.set(path, known);
    });
  }

  /** Answers every other method of the paths seen so far with 405 and an `Allow` header, without reading a body. */
  refuseOthers(app: FastifyInstance): void {
    for (const { url, methods } of [...this.#methodsByPath.values()]) {
      const allowed = [...methods].join(', ');
      app.route({
        url,
        method: answeredMethods.filter((method) => !methods.has(method)),
        schema: { hide: true },
        onRequest: (request, reply, done) => {
          reply.header('allow', allowed);
          done(
            new ProblemError(
              'method-not-allowed',
              `${request.method} is not allowed here; allowed: ${allowed}.`,
            ),
          );
        },
        handler: (_request, reply) => reply, // never reached: onRequest refuses every request
      });
    }
  }
}
