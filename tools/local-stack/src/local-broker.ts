import type { Logger } from '@celeriac/primitives';
import { silentLogger } from '@celeriac/primitives';

import { acceptsConnections } from './amqp-handshake.ts';
import { chooseBroker } from './broker-choice.ts';
import { loopbackBrokerUrl } from './broker-url.ts';
import { hasContainerEngine, startContainerRabbitmq } from './container-rabbitmq.ts';
import { canInstallDebianPackages, installDebianPackages } from './debian-packages.ts';
import { LocalStackError } from './local-stack-error.ts';
import type { LocalBroker, OwnedBroker } from './owned-broker.ts';
import { startPrivateRabbitmq } from './private-rabbitmq.ts';
import { findRabbitmq } from './rabbitmq-installation.ts';

export interface OpenBrokerOptions {
  /** Told what is started. Default: nobody. */
  readonly log?: Logger;
  /** Where `CELERY_BROKER_URL` and the search path are looked up. Default: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Aborts the start; whatever was started by then is ended before the promise rejects. */
  readonly signal?: AbortSignal;
  /** Only a broker of one's own, never one that others use: for tests that kill it. Default false. */
  readonly isolated?: boolean;
}

const DEFAULT_PORT = 5672;
const HANDSHAKE_TIMEOUT_MS = 2_000;

/**
 * A broker, from wherever this machine can give one: `CELERY_BROKER_URL`, one that runs on the default port, a private node
 * of an installed RabbitMQ, a container, or the distribution's package. What is started here ends with this process.
 *
 * @example
 * const broker = await openBroker({ isolated: true });
 * try {
 *   await broker.kill();
 *   await broker.restart();
 * } finally {
 *   await broker.close();
 * }
 *
 * @throws LocalStackError when there is none to be had (the message says what to install) or it does not start
 */
export function openBroker(options: OpenBrokerOptions & { readonly isolated: true }): Promise<OwnedBroker>;
export function openBroker(options?: OpenBrokerOptions): Promise<LocalBroker>;
export async function openBroker(options: OpenBrokerOptions = {}): Promise<LocalBroker> {
  const { log = silentLogger, env = process.env, signal, isolated = false } = options;
  const choice = await chooseBroker(
    { givenUrl: env['CELERY_BROKER_URL'], isolated },
    {
      running: runningBroker,
      installation: () => findRabbitmq(env),
      containerEngine: hasContainerEngine,
      canInstall: canInstallDebianPackages,
    },
  );
  switch (choice.kind) {
    case 'given':
    case 'running':
      return { kind: choice.kind, url: choice.url, close: () => Promise.resolve() };
    case 'private':
      return startPrivateRabbitmq(choice.installation, { log, signal });
    case 'container':
      return startContainerRabbitmq({ log, signal });
    case 'install':
      return installAndStart(log, env, signal);
    case 'none':
      throw new LocalStackError(
        'there is no RabbitMQ to use: install it (apt-get install rabbitmq-server, brew install rabbitmq), start a container engine, or set CELERY_BROKER_URL',
      );
  }
}

async function runningBroker(): Promise<string | undefined> {
  const url = loopbackBrokerUrl(DEFAULT_PORT);
  return (await acceptsConnections(url, HANDSHAKE_TIMEOUT_MS)) ? url : undefined;
}

async function installAndStart(
  log: Logger,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<OwnedBroker> {
  await installDebianPackages(['rabbitmq-server'], { log, signal });
  const installation = await findRabbitmq(env);
  if (installation === undefined) {
    throw new LocalStackError(
      'rabbitmq-server was installed, yet its start script or epmd is nowhere to be found',
    );
  }
  return startPrivateRabbitmq(installation, { log, signal });
}
