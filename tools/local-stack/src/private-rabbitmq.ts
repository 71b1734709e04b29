import type { Logger } from '@celeriac/primitives';
import { coerceError } from '@celeriac/primitives';

import { loopbackBrokerUrl } from './broker-url.ts';
import { freePort, isPortFree } from './free-port.ts';
import type { OwnedBroker } from './owned-broker.ts';
import { ProcessGuard } from './process-guard.ts';
import type { RabbitmqInstallation } from './rabbitmq-installation.ts';
import { RabbitmqNode, startNameDaemon, writeSettings } from './rabbitmq-node.ts';
import type { RabbitmqPlace } from './rabbitmq-node.ts';
import { makeTemporaryFolder, markOwner, removeStaleFolders } from './temporary-folders.ts';

export interface PrivateRabbitmqOptions {
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Lines of rabbitmq.conf besides those that place the node. */
  readonly configuration?: string | undefined;
}

const FOLDER_PURPOSE = 'rabbitmq';

/** Ports are found free and then used, not reserved: somebody may be faster, but hardly three times. */
const ATTEMPTS = 3;

/**
 * A RabbitMQ node of one's own: own ports on the loopback, own name daemon, own folder, ended and removed with this process.
 *
 * @throws LocalStackError when it does not start; the signal's reason when it is aborted
 */
export async function startPrivateRabbitmq(
  installation: RabbitmqInstallation,
  options: PrivateRabbitmqOptions,
): Promise<OwnedBroker> {
  await removeStaleFolders(FOLDER_PURPOSE);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(installation, options);
    } catch (caught) {
      options.signal?.throwIfAborted();
      if (attempt === ATTEMPTS) throw caught;
      options.log.warn({ error: coerceError(caught) }, 'a private RabbitMQ node did not start, trying again');
    }
  }
}

async function startOnce(
  installation: RabbitmqInstallation,
  { signal, configuration = '' }: PrivateRabbitmqOptions,
): Promise<OwnedBroker> {
  const folder = await makeTemporaryFolder(FOLDER_PURPOSE);
  const guard = await ProcessGuard.open({ folder });
  try {
    if (guard.pid !== undefined) await markOwner(folder, guard.pid);
    const place: RabbitmqPlace = {
      folder,
      amqpPort: await freePort(),
      distributionPort: await freePort(),
      epmdPort: await freePort(),
    };
    await writeSettings(place, configuration);
    await startNameDaemon(installation, place, guard, signal);
    return new PrivateRabbitmq(
      installation,
      place,
      guard,
      await RabbitmqNode.start(installation, place, guard, signal),
    );
  } catch (caught) {
    await guard.close();
    throw caught;
  }
}

class PrivateRabbitmq implements OwnedBroker {
  readonly kind = 'private';
  readonly url: string;
  readonly #installation: RabbitmqInstallation;
  readonly #place: RabbitmqPlace;
  readonly #guard: ProcessGuard;
  #node: RabbitmqNode | undefined;
  #isClosed = false;

  constructor(
    installation: RabbitmqInstallation,
    place: RabbitmqPlace,
    guard: ProcessGuard,
    node: RabbitmqNode,
  ) {
    this.url = loopbackBrokerUrl(place.amqpPort);
    this.#installation = installation;
    this.#place = place;
    this.#guard = guard;
    this.#node = node;
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    // without ours the node would start a name daemon that nobody ends
    if (await isPortFree(this.#place.epmdPort)) {
      await startNameDaemon(this.#installation, this.#place, this.#guard, undefined);
    }
    this.#node = await RabbitmqNode.start(this.#installation, this.#place, this.#guard, undefined);
  }

  async lost(): Promise<string> {
    const how = await (this.#node?.lost() ?? new Promise<never>(() => undefined));
    return this.#isClosed ? new Promise(() => undefined) : how;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#guard.close();
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#node?.end(signal);
    this.#node = undefined;
  }
}
