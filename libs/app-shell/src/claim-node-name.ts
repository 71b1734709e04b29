import type { Logger } from '@celeriac/primitives';
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

export interface NodeNameClaim {
  readonly nodeName: string;
  readonly brokerUrl: string | readonly string[] | undefined;
  readonly logger: Logger;
}

/**
 * Claims a node name on this host for as long as the process lives, and warns when another worker of the same broker has
 * it: their events, and later their answers to remote control, cannot be told apart.
 *
 * The claim is a socket in Linux's abstract namespace, which the kernel removes with the process: it needs no file and no
 * broker. Elsewhere nothing is claimed.
 *
 * @returns gives the name up
 */
export function claimNodeName({ nodeName, brokerUrl = [], logger }: NodeNameClaim): () => void {
  if (process.platform !== 'linux') return () => undefined;
  const digest = createHash('sha256')
    .update(JSON.stringify([nodeName, brokerUrl]))
    .digest('hex');
  const server = createServer((socket) => socket.destroy());
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE')
      logger.warn(
        { nodeName },
        'another worker on this host has this node name; give each its own with CELERIAC_NODE_NAME or -n, such as w1@%h',
      );
    // else there is no such namespace, as in some sandboxes
  });
  server.listen({ path: `\0celeriac-${digest.slice(0, 32)}` }).unref();
  return () => server.close();
}
