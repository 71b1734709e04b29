import { OperationalError, type Transport } from '@celeriac/amqp-transport';
import { whenConnected, type WhenConnectedOptions } from './when-connected.ts';

/**
 * Removes the messages that wait in queues; those that a worker has already are not touched.
 *
 * @returns how many there were; a queue that does not exist counts as an empty one
 * @throws OperationalError when the broker stays away for too long, or refuses
 */
export async function purgeQueues(
  transport: Transport,
  queues: readonly string[],
  options: WhenConnectedOptions,
): Promise<number> {
  let count = 0;
  for (const queue of queues) count += await whenConnected(() => purge(transport, queue), options);
  return count;
}

async function purge(transport: Transport, queue: string): Promise<number> {
  try {
    return await transport.purge(queue);
  } catch (error) {
    if (error instanceof OperationalError && error.replyCode === 404) return 0;
    throw error;
  }
}
