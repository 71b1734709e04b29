import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A TCP port on the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // null only for a closed server or a pipe
  server.close();
  await once(server, 'close');
  return port;
}
