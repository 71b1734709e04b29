import type { RunnableApp } from '@celeriac/app-shell';
import type { Transport } from '@celeriac/amqp-transport';
import type { Logger } from '@celeriac/primitives';
import { purgeQueues } from './purge-queues.ts';

export interface PurgeBeforeOptions {
  readonly queues: readonly string[];
  readonly logger: Logger;
  /** Used for this alone, and closed after it. */
  readonly transport: Transport;
}

/**
 * A worker that empties its queues before it starts, waiting for the broker as long as it takes; a stop ends the wait.
 *
 * Source: Celery 5.7.0, celery/apps/worker.py `purge_messages`.
 */
export function purgeBefore(
  worker: RunnableApp,
  { queues, logger, transport }: PurgeBeforeOptions,
): RunnableApp {
  const stopping = new AbortController();
  return {
    done: worker.done,
    get isReady() {
      return worker.isReady;
    },
    async start() {
      try {
        const count = await purgeQueues(transport, queues, { timeoutMs: Infinity, signal: stopping.signal });
        logger.info({ queues, count }, 'queues purged');
      } finally {
        await transport.close();
      }
      await worker.start();
    },
    stop(options) {
      stopping.abort();
      return worker.stop(options);
    },
  };
}
