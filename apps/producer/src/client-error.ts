import type { Socket } from 'node:net';

import { problemContentType, problemDocument } from './problem.ts';
import type { ProblemKind } from './problem.ts';

const kindOfParserCode: Readonly<Record<string, ProblemKind>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
};

const detailOf: Partial<Record<ProblemKind, string>> = {
  'request-timeout': 'The whole request must arrive in time; send it again, faster.',
  'headers-too-large': 'Send fewer or shorter headers.',
};

/**
 * Answers what is not HTTP enough to become a request: there is no reply object yet, only the socket.
 *
 * The connection is closed afterwards, as nothing that follows on it can be trusted.
 */
export function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const kind = kindOfParserCode[error.code ?? ''] ?? 'bad-request';
  const problem = problemDocument(kind, detailOf[kind] ?? 'The request is not valid HTTP/1.1.');
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `Content-Type: ${problemContentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  if (socket.writable) socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  else socket.destroy();
}
