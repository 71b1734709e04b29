import { randomBytes } from 'node:crypto';

import type { Logger } from '@celeriac/primitives';

import { acceptsConnections } from './amqp-handshake.ts';
import { loopbackBrokerUrl } from './broker-url.ts';
import { freePort } from './free-port.ts';
import { LocalStackError } from './local-stack-error.ts';
import type { OwnedBroker } from './owned-broker.ts';
import { ProcessGuard } from './process-guard.ts';
import { lastLines, runCommand } from './run-command.ts';
import { waitUntil } from './wait-until.ts';

const IMAGE = 'rabbitmq:4.0.9';
const START_TIMEOUT_MS = 120_000;

/** True when a container engine answers `docker info`. */
export async function hasContainerEngine(): Promise<boolean> {
  const { code } = await runCommand('docker', ['info', '--format', '{{.ServerVersion}}'], {
    timeoutMs: 10_000,
  });
  return code === 0;
}

/**
 * A broker in a container that is removed with this process, however it ends.
 *
 * @throws LocalStackError with the engine's own words when it cannot be started
 */
export async function startContainerRabbitmq(options: {
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
}): Promise<OwnedBroker> {
  const { log, signal } = options;
  const name = `celeriac-rabbitmq-${randomBytes(6).toString('hex')}`;
  const port = await freePort();
  const guard = await ProcessGuard.open({ finalCommand: ['docker', 'rm', '--force', '--volumes', name] });
  const broker = new ContainerRabbitmq(name, port, guard);
  try {
    log.info({ image: IMAGE }, 'starting RabbitMQ in a container');
    // bound to the loopback; the image lets its default user in from outside the container
    const publish = `127.0.0.1:${String(port)}:5672`;
    await docker(['run', '--detach', '--name', name, '--publish', publish, IMAGE], signal);
    await broker.waitUntilUp(signal);
    return broker;
  } catch (caught) {
    await guard.close();
    throw caught;
  }
}

class ContainerRabbitmq implements OwnedBroker {
  readonly kind = 'container';
  readonly url: string;
  readonly #name: string;
  readonly #guard: ProcessGuard;
  #isAskedToEnd = false;

  constructor(name: string, port: number, guard: ProcessGuard) {
    this.url = loopbackBrokerUrl(port);
    this.#name = name;
    this.#guard = guard;
  }

  async waitUntilUp(signal?: AbortSignal): Promise<void> {
    await waitUntil(() => acceptsConnections(this.url, 5_000), {
      what: `RabbitMQ in the container ${this.#name} accepts connections`,
      timeoutMs: START_TIMEOUT_MS,
      intervalMs: 250,
      signal,
    });
  }

  async kill(): Promise<void> {
    this.#isAskedToEnd = true;
    await docker(['kill', '--signal', 'KILL', this.#name]);
    await docker(['wait', this.#name]);
  }

  async restart(): Promise<void> {
    this.#isAskedToEnd = true;
    await docker(['restart', '--time', '30', this.#name]);
    await this.waitUntilUp();
    this.#isAskedToEnd = false;
  }

  async lost(): Promise<string> {
    const { output } = await runCommand('docker', ['wait', this.#name], { timeoutMs: 0 });
    return this.#isAskedToEnd ? new Promise(() => undefined) : `exit code ${output.trim()}`;
  }

  async close(): Promise<void> {
    this.#isAskedToEnd = true;
    await this.#guard.close();
  }
}

async function docker(args: readonly string[], signal?: AbortSignal): Promise<void> {
  const { code, output } = await runCommand('docker', args, { signal });
  if (code !== 0) throw new LocalStackError(`docker ${args.join(' ')} failed: ${lastLines(output, 3)}`);
}
