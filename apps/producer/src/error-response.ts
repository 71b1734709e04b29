import { coerceError, cutText } from '@celeriac/primitives';
import type { Logger } from '@celeriac/primitives';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

import { problemContentType, ProblemError, problemKinds } from './problem.ts';
import type { ProblemKind } from './problem.ts';
import { nosniff } from './answer-headers.ts';

/** Seconds a client should wait after a 429 or a 503: about as long as the longest delay between two attempts to reconnect. */
export const retryAfterSeconds = 2;

/** What Fastify itself refuses, by its code; anything else below 500 is `bad-request`. */
const kindOfFastifyCode: Readonly<Record<string, ProblemKind>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_EMPTY_TYPE: 'unsupported-media-type',
  FST_ERR_MAX_PARAM_LENGTH: 'uri-too-long',
};

const remedies: Partial<Record<ProblemKind, string>> = {
  'unsupported-media-type': 'Send the body as JSON, with the content type application/json.',
  'uri-too-long': 'The name or id in the address is too long.',
};

/**
 * Answers any error with a problem document; the one place where an error becomes a response.
 *
 * Errors nobody foresaw are logged with their stack and answered without it.
 */
export function sendProblem(
  caught: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  const problem = toProblem(caught);
  const { status } = problemKinds[problem.kind];
  if (status >= 500) logProblem(problem, caught, request, logger);
  if (status === 503 || status === 429) reply.header('retry-after', retryAfterSeconds);
  return reply
    .code(status)
    .type(problemContentType)
    .header('cache-control', 'no-store')
    .headers(nosniff)
    .send(Buffer.from(JSON.stringify(problem.toDocument()))); // to a string Fastify adds a charset, which the type does not have
}

function toProblem(caught: unknown): ProblemError {
  if (caught instanceof ProblemError) return caught;
  const error = coerceError(caught);
  const { code, statusCode = 500 } = error as Partial<FastifyError>;
  if (statusCode >= 500) {
    return new ProblemError(
      'internal-error',
      'The error was logged; tell the operator.',
      {},
      { cause: error },
    );
  }
  const kind = kindOfFastifyCode[code ?? ''] ?? 'bad-request';
  return new ProblemError(kind, remedies[kind] ?? `${error.message}.`, {}, { cause: error });
}

/** A refusal without a cause says what a log line of the connection has said already. */
function logProblem(problem: ProblemError, caught: unknown, request: FastifyRequest, logger: Logger): void {
  const fields = { method: request.method, url: cutText(request.url, 200), problem: problem.kind };
  if (problem.kind === 'internal-error')
    logger.error({ ...fields, err: problem.cause ?? caught }, 'request failed');
  else if (problem.cause === undefined) logger.debug(fields, 'request refused');
  else logger.warn({ ...fields, err: problem.cause }, 'request refused');
}
