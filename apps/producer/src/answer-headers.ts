import type { FastifyInstance } from 'fastify';

/** Of every answer: a browser must not take JSON that quotes a caller for a page or a script. */
export const nosniff: Readonly<Record<string, string>> = { 'x-content-type-options': 'nosniff' };

/** Sets `nosniff` on every answer of the routes; `sendProblem` does where no hook runs. */
export function forbidSniffing(app: FastifyInstance): void {
  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.headers(nosniff);
    done();
  });
}
