import type { Logger } from '@celeriac/primitives';
import { silentLogger } from '@celeriac/primitives';

import { acceptsConnections } from './amqp-handshake.ts';
import { chooseBroker } from './broker-choice.ts';
import { loopbackBrokerUrl } from './broker-url.ts';
import { hasContainerEngine, startContainerRabbitmq } from './container-rabbitmq.ts';
import { canInstallDebianPackages, installDebianPackages } from './debian-packages.ts';
import { LocalStackError } from './local-stack-error.ts';
import type { LocalBroker, OwnedBroker } from './owned-broker.ts';
import { startPrivateRabbitmq, type PrivateRabbitmqOptions } from './private-rabbitmq.ts';
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
  /**
   * Lines of rabbitmq.conf besides those that place the node. Takes an installed RabbitMQ: the settings of a container, or of
   * a broker that others use, are not ours.
   */
  readonly configuration?: string;
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
  const { log = silentLogger, env = process.env, signal, isolated = false, configuration } = options;
  const choice = await chooseBroker(
    { givenUrl: env['CELERY_BROKER_URL'], isolated },
    {
      running: runningBroker,
      installation: () => findRabbitmq(env),
      containerEngine: hasContainerEngine,
      canInstall: canInstallDebianPackages,
    },
  );
  if (configuration !== undefined && choice.kind !== 'private' && choice.kind !== 'install') {
    throw new LocalStackError(
      'a broker with a configuration of its own takes an installed RabbitMQ: install rabbitmq-server',
    );
  }
  switch (choice.kind) {
    case 'given':
    case 'running':
      return { kind: choice.kind, url: choice.url, close: () => Promise.resolve() };
    case 'private':
      return startPrivateRabbitmq(choice.installation, { log, signal, configuration });
    case 'container':
      return startContainerRabbitmq({ log, signal });
    case 'install':
      return installAndStart(env, { log, signal, configuration });
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
  env: NodeJS.ProcessEnv,
  options: PrivateRabbitmqOptions,
): Promise<OwnedBroker> {
  await installDebianPackages(['rabbitmq-server'], options);
  const installation = await findRabbitmq(env);
  if (installation === undefined) {
    throw new LocalStackError(
      'rabbitmq-server was installed, yet its start script or epmd is nowhere to be found',
    );
  }
  return startPrivateRabbitmq(installation, options);
}
