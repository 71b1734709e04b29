import type { FastifyInstance } from 'fastify';

import type { ByteBudget, Holder } from './byte-budget.ts';
import { overloaded } from './problem.ts';
import { whenRequestEnds } from './request-end.ts';

/** Smaller answers are not counted: the system takes them at once. */
const countedBytes = 4096;

/**
 * Counts answers against a budget until their clients have taken them. The oldest one that is not taken gives way: its
 * connection is closed.
 */
export function limitAnswers(app: FastifyInstance, budget: ByteBudget): void {
  app.addHook('onSend', (request, _reply, payload, done) => {
    const bytes = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.length : 0;
    if (bytes < countedBytes) {
      done();
      return;
    }
    const { socket } = request.raw;
    const holder: Holder = {
      giveWay: () => {
        socket.destroy();
      },
    };
    if (!budget.hold(holder, bytes)) {
      done(overloaded('too many answers wait to be read'));
      return;
    }
    whenRequestEnds(request.raw, () => {
      budget.release(holder);
    });
    done();
  });
}
