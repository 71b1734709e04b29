import { isUtf8 } from 'node:buffer';

import { coerceError, cutText } from '@celeriac/primitives';
import { DecodeError, parseJson, ValueCount } from '@celeriac/protocol';
import type { FastifyInstance } from 'fastify';

import type { ByteBudget } from './byte-budget.ts';
import { ProblemError } from './problem.ts';
import { readBody } from './request-body.ts';

/** Most values of a body, keys included: some 6 MB in memory, and far more than a call needs. */
const maxBodyValues = 100_000;

/**
 * Reads a JSON body as Python reads JSON: `7.0` is a float (a PythonFloat) and `7` an int, integers of any size stay
 * exact, `NaN` and `Infinity` are numbers, and a member named `__proto__` is a member like any other.
 *
 * @throws ProblemError `malformed-body` with the position of the mistake; `body-too-large` when it has too many values
 */
export function readJsonBody(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new ProblemError('malformed-body', 'The body is not UTF-8.');
  try {
    return parseJson(bytes.toString('utf8'), { floats: 'keep', count: new ValueCount(maxBodyValues) });
  } catch (caught) {
    const error = coerceError(caught);
    if (error instanceof DecodeError && error.reason === 'too-many-values')
      throw new ProblemError(
        'body-too-large',
        `The body has more than ${maxBodyValues} values; send fewer in one call.`,
      );
    throw new ProblemError('malformed-body', error.message, {}, { cause: error });
  }
}

/**
 * Makes `readJsonBody` the server's only body parser: every other content type is a 415, and no bytes are no body.
 *
 * @param budget what all bodies together may hold
 */
export function acceptJsonOnly(app: FastifyInstance, budget: ByteBudget): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (request, payload, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      const detail = `content-encoding ${cutText(encoding, 100)} is not read; send plain JSON.`;
      done(new ProblemError('unsupported-media-type', detail));
      return;
    }
    readBody(request, payload, budget, (failure, bytes) => {
      if (failure !== null) {
        done(failure);
        return;
      }
      try {
        done(null, bytes === undefined || bytes.length === 0 ? undefined : readJsonBody(bytes));
      } catch (error) {
        done(coerceError(error));
      }
    });
  });
}
