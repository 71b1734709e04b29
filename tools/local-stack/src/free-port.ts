import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

import { LocalStackError } from './local-stack-error.ts';

/**
 * Below the ports that Linux (32768) and macOS (49152) give to outgoing connections: a client that keeps trying a broker
 * which is down would otherwise, sooner or later, be given that very port, connect to itself and keep the broker from coming back.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 30_000;

/** True when nothing listens on `port` of `host` and we may. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/**
 * A port of the loopback that is free now. It is not reserved: whoever uses it must be ready to find it taken and ask again.
 *
 * @throws LocalStackError when a hundred random ones were all taken
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (await isPortFree(port)) return port;
  }
  throw new LocalStackError(
    `no free port found between ${String(FIRST_PORT)} and ${String(LAST_PORT)} on 127.0.0.1`,
  );
}
