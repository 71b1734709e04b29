import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import type { FastifyInstance } from 'fastify';

/** An answer as it came over the socket. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** A connection to a server that listens; errors of the socket are the caller's own doing. */
export function dial(server: FastifyInstance): Socket {
  const { port, address } = server.server.address() as AddressInfo;
  const socket = connect(port, address);
  socket.on('error', () => undefined);
  return socket;
}

/** The first answer on a socket, once the server has closed it; undefined when it closed it without one. */
export async function answerOn(socket: Socket): Promise<RawAnswer | undefined> {
  const all = await text(socket).catch(() => '');
  const [head = '', body = ''] = all.split('\r\n\r\n');
  return head === '' ? undefined : { status: Number(head.split(' ')[1]), head, body };
}

/** Writes bytes and gives the answer; the request asks for the connection to be closed, or is broken. */
export async function exchange(server: FastifyInstance, bytes: string): Promise<RawAnswer | undefined> {
  const socket = dial(server);
  socket.write(bytes);
  return answerOn(socket);
}
