import { isUtf8 } from 'node:buffer';

import { coerceError } from '@celeriac/primitives';
import { parseJson } from '@celeriac/protocol';
import type { FastifyInstance } from 'fastify';

import { ProblemError } from './problem.ts';

/** Bodies above this are refused with 413. */
export const maxBodyBytes = 1024 * 1024;

/**
 * Reads a JSON body as Python reads JSON: `7.0` is a float (a PythonFloat) and `7` an int, integers of any size stay
 * exact, `NaN` and `Infinity` are numbers, and a member named `__proto__` is a member like any other.
 *
 * @throws ProblemError `malformed-body` with the position of the mistake
 */
export function readJsonBody(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new ProblemError('malformed-body', 'The body is not UTF-8.');
  try {
    return parseJson(bytes.toString('utf8'), { floats: 'keep' });
  } catch (caught) {
    const error = coerceError(caught);
    throw new ProblemError('malformed-body', error.message, {}, { cause: error });
  }
}

/** Makes `readJsonBody` the server's only body parser: every other content type is a 415, and no bytes are no body. */
export function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    const encoding = request.headers['content-encoding'];
    try {
      if (encoding !== undefined && encoding !== 'identity') {
        throw new ProblemError(
          'unsupported-media-type',
          `content-encoding ${encoding} is not read; send plain JSON.`,
        );
      }
      done(null, bytes.length === 0 ? undefined : readJsonBody(bytes));
    } catch (error) {
      done(coerceError(error));
    }
  });
}
