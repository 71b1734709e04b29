import type { AppContext, RunnableApp, Settings, ShutdownMode } from '@celeriac/app-shell';
import { calculatorHolders } from '@celeriac/calculator';
import { Client } from '@celeriac/client';
import { coerceError, ImproperlyConfiguredError } from '@celeriac/primitives';
import type { Logger } from '@celeriac/primitives';
import type { FastifyInstance } from 'fastify';
import { setTimeout as delay } from 'node:timers/promises';

import { resolveAllowedHosts } from './allowed-hosts.ts';
import { createServer } from './server.ts';

/**
 * The HTTP server and its client, started and stopped together.
 *
 * It serves before the broker can be reached and while it cannot: calls are 503 then, and `isReady` is false. A warm
 * stop serves on, unready, for `CELERIAC_SHUTDOWN_DELAY`, then takes no new connections, answers the requests under way
 * and sends what they publish; a cold one drops them.
 */
export class ProducerApp implements RunnableApp {
  readonly done: Promise<void>;
  readonly #settings: Settings;
  readonly #logger: Logger;
  readonly #cold = new AbortController();
  #running: { readonly client: Client; readonly server: FastifyInstance; isPrepared: boolean } | undefined;
  #settle!: (outcome: Promise<void>) => void;
  #stopping: Promise<void> | undefined;

  constructor({ settings, logger }: AppContext) {
    this.#settings = settings;
    this.#logger = logger;
    this.done = new Promise((resolve) => (this.#settle = resolve));
  }

  get isReady(): boolean {
    const { client, isPrepared } = this.#running ?? {};
    return this.#stopping === undefined && isPrepared === true && client?.isConnected === true;
  }

  /** Where the server listens, `http://127.0.0.1:8000`; undefined when it does not. */
  get url(): string | undefined {
    return this.#running?.server.listeningOrigin;
  }

  /** @throws ImproperlyConfiguredError when `HOST` and `PORT` cannot be listened on */
  async start(): Promise<void> {
    const { host, port, ...settings } = this.#settings;
    const logger = this.#logger;
    // with failFast a request hears at once that the broker is away
    const client = new Client({ ...this.#settings, holders: calculatorHolders, failFast: true, logger });
    const isReady = (): boolean => this.isReady;
    const server = createServer({
      client,
      holders: calculatorHolders,
      logger,
      isReady,
      allowedHosts: resolveAllowedHosts(host, settings.allowedHosts),
      maxCreateCount: settings.createTasksMax,
      maxHeldBytes: settings.httpHeldBytesMax,
      maxConnections: settings.httpConnectionsMax,
      requestTimeoutMs: settings.httpRequestTimeoutMs,
    });
    const running = { client, server, isPrepared: false };
    this.#running = running;
    try {
      await server.listen({ host, port });
    } catch (caught) {
      await this.stop({ mode: 'cold' });
      const { message } = coerceError(caught);
      throw new ImproperlyConfiguredError(
        `PORT ${port} on HOST ${host} cannot be used (${message}); choose another`,
        {
          cause: caught,
        },
      );
    }
    logger.info({ url: server.listeningOrigin }, 'producer listens');
    void this.#prepare(client).then(() => (running.isPrepared = true));
  }

  /** Not ready before its queues are there: the first calls would wait for them. A queue that is refused fails its calls. */
  async #prepare(client: Client): Promise<void> {
    try {
      await client.declareQueues();
    } catch (caught) {
      if (this.#stopping !== undefined) return;
      this.#logger.warn({ reason: coerceError(caught).message }, 'queues not declared');
    }
  }

  stop({ mode }: { readonly mode: ShutdownMode }): Promise<void> {
    if (mode === 'cold') {
      this.#cold.abort();
      this.#running?.server.server.closeAllConnections();
    }
    if (this.#stopping === undefined) {
      this.#stopping = this.#close(mode);
      this.#settle(this.#stopping);
    }
    return this.#stopping;
  }

  async #close(mode: ShutdownMode): Promise<void> {
    if (this.#running === undefined) return;
    const { client, server } = this.#running;
    const { shutdownDelayMs } = this.#settings;
    if (mode === 'warm' && shutdownDelayMs !== undefined) {
      this.#logger.info({ shutdownDelayMs }, 'unready, and serving on for a while');
      await delay(shutdownDelayMs, undefined, { signal: this.#cold.signal }).catch(() => undefined);
    }
    await server.close();
    await client.close(mode === 'cold' ? { drainMs: 0 } : {});
  }
}
