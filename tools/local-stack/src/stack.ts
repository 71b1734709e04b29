import { join } from 'node:path';

import type { Logger } from '@celeriac/primitives';
import { coerceError } from '@celeriac/primitives';

import { shownBrokerUrl } from './broker-url.ts';
import { freePort, isPortFree } from './free-port.ts';
import { openBroker } from './local-broker.ts';
import { LocalStackError } from './local-stack-error.ts';
import { isOwned } from './owned-broker.ts';
import type { LocalBroker } from './owned-broker.ts';
import { ProcessGuard } from './process-guard.ts';
import { StackProcess } from './stack-process.ts';
import { producerUrl, readStartSettings } from './start-settings.ts';

const WORKERS = ['addition', 'subtraction', 'multiplication', 'division'] as const;

export interface StackOptions {
  readonly log: Logger;
  readonly env: NodeJS.ProcessEnv;
  /** The workspace's folder, built. */
  readonly root: string;
  /** Aborts the start. */
  readonly signal: AbortSignal;
}

/**
 * The reference application on this machine: a broker, the four workers, the producer.
 *
 * Started in that order, stopped in the opposite sense: the producer first, that nothing new comes in; the workers, warm; the
 * broker last. If this process dies without a stop, guards end all of it.
 */
export class Stack {
  readonly producerUrl: string;
  /** The broker's URL without credentials. */
  readonly shownBrokerUrl: string;
  readonly #log: Logger;
  readonly #broker: LocalBroker;
  readonly #guard: ProcessGuard;
  readonly #processes: readonly StackProcess[];

  private constructor(
    log: Logger,
    producerUrl: string,
    broker: LocalBroker,
    guard: ProcessGuard,
    processes: readonly StackProcess[],
  ) {
    this.#log = log;
    this.producerUrl = producerUrl;
    this.shownBrokerUrl = shownBrokerUrl(broker.url);
    this.#broker = broker;
    this.#guard = guard;
    this.#processes = processes;
  }

  /**
   * Resolves when every part is ready.
   *
   * @throws LocalStackError when the port is taken or a part does not start; the signal's reason when it is aborted.
   * What was started by then is ended first.
   */
  static async start({ log, env, root, signal }: StackOptions): Promise<Stack> {
    const settings = readStartSettings(env);
    const { host, port } = settings;
    if (!(await isPortFree(port, host))) {
      throw new LocalStackError(
        `port ${String(port)} of ${host} is taken: end what listens there, or set PORT to another`,
      );
    }
    const broker = await openBroker({ log, env, signal });
    const guard = await ProcessGuard.open();
    const processes: StackProcess[] = [];
    try {
      log.info({ kind: broker.kind }, `broker at ${shownBrokerUrl(broker.url)}`);
      const base = { ...env, CELERY_BROKER_URL: broker.url };
      const start = async (name: string, own: NodeJS.ProcessEnv, readyUrl: string): Promise<void> => {
        const entry = join(root, 'apps', name, 'dist', 'main.js');
        processes.push(await StackProcess.start({ name, entry, env: { ...base, ...own }, readyUrl, guard }));
      };
      for (const name of WORKERS) {
        const health = String(await freePort());
        await start(name, { CELERIAC_HEALTH_PORT: health }, `http://127.0.0.1:${health}/health/ready`);
      }
      const url = producerUrl(settings);
      await start('producer', { HOST: host, PORT: String(port) }, `${url}/health/ready`);
      await Promise.all(processes.map((one) => one.waitUntilReady(signal)));
      return new Stack(log, url, broker, guard, processes);
    } catch (caught) {
      await guard.close();
      await broker.close();
      throw caught;
    }
  }

  /** Resolves when a process has ended that nobody asked to: its name and how it ended. */
  async brokenBy(): Promise<string> {
    return Promise.race([
      ...this.#processes.map(async (one) => `${one.name} ended with ${await one.ended}`),
      this.#keepBroker(),
    ]);
  }

  /** A broker of ours that is lost is started again, as a service manager would; the others wait for it. */
  async #keepBroker(): Promise<string> {
    const broker = this.#broker;
    if (!isOwned(broker)) return new Promise(() => undefined);
    for (;;) {
      const how = await broker.lost();
      this.#log.warn({}, `the broker ended with ${how}; starting it again`);
      try {
        await broker.restart();
        this.#log.info({}, `the broker is back at ${this.shownBrokerUrl}`);
      } catch (caught) {
        return `the broker did not start again: ${coerceError(caught).message}`;
      }
    }
  }

  /** Ends everything, in order, and waits for it. @param insist when aborted, nothing is waited for: SIGKILL */
  async stop(insist: AbortSignal): Promise<void> {
    const killAll = (): void => {
      for (const one of this.#processes) one.kill();
    };
    insist.addEventListener('abort', killAll);
    try {
      const producer = this.#processes.filter(({ name }) => name === 'producer');
      const workers = this.#processes.filter(({ name }) => name !== 'producer');
      for (const group of [producer, workers]) {
        for (const one of group) one.terminate();
        if (insist.aborted) killAll();
        await Promise.all(group.map(({ ended }) => ended));
      }
    } finally {
      insist.removeEventListener('abort', killAll);
      await this.#guard.close();
      await this.#broker.close();
    }
  }
}
