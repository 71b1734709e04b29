import type { RabbitmqInstallation } from './rabbitmq-installation.ts';

/** Which broker will be used, and what is needed to use it. */
export type BrokerChoice =
  | { readonly kind: 'given'; readonly url: string }
  | { readonly kind: 'running'; readonly url: string }
  | { readonly kind: 'private'; readonly installation: RabbitmqInstallation }
  | { readonly kind: 'container' }
  | { readonly kind: 'install' }
  | { readonly kind: 'none' };

/** What is asked of the machine, each at most once and only when what comes before it is not there. */
export interface BrokerProbes {
  /** The URL of a broker that listens on this machine's default port and lets the default user in. */
  running(): Promise<string | undefined>;
  installation(): Promise<RabbitmqInstallation | undefined>;
  containerEngine(): Promise<boolean>;
  canInstall(): Promise<boolean>;
}

export interface BrokerWish {
  /** `CELERY_BROKER_URL`; an empty one counts as none. */
  readonly givenUrl: string | undefined;
  /** Only a broker of one's own will do: one that may be killed. */
  readonly isolated: boolean;
}

/**
 * The order of preference: the given one, one that runs already, a private node of an installed RabbitMQ, a container,
 * a private node after installing the distribution's package.
 */
export async function chooseBroker(wish: BrokerWish, probes: BrokerProbes): Promise<BrokerChoice> {
  if (!wish.isolated) {
    if (wish.givenUrl !== undefined && wish.givenUrl !== '') return { kind: 'given', url: wish.givenUrl };
    const url = await probes.running();
    if (url !== undefined) return { kind: 'running', url };
  }
  const installation = await probes.installation();
  if (installation !== undefined) return { kind: 'private', installation };
  if (await probes.containerEngine()) return { kind: 'container' };
  if (await probes.canInstall()) return { kind: 'install' };
  return { kind: 'none' };
}
