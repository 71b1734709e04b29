import { createHash } from 'node:crypto';

/**
 * A secret or config of the stack files. Swarm cannot change either, so its name ends in the digest of its content, which
 * the stack files take from a variable.
 */
export interface VersionedContent {
  readonly kind: 'secret' | 'config';
  /** Its name in the stack files, and in Swarm between the stack's name and the digest. */
  readonly name: string;
  /** Relative to the root of the repository. */
  readonly file: string;
  readonly variable: string;
}

const single: readonly VersionedContent[] = [
  config('rabbitmq_conf', 'docker/rabbitmq/rabbitmq.conf'),
  config('rabbitmq_definitions', 'docker/rabbitmq/definitions.json'),
  secret('broker_url', 'secrets/broker_url'),
  secret('rabbitmq_users', 'secrets/rabbitmq_users.json'),
];

const cluster: readonly VersionedContent[] = [
  ...single.filter(({ name }) => name !== 'broker_url'),
  config('rabbitmq_cluster_conf', 'docker/rabbitmq/cluster.conf'),
  secret('broker_url', 'secrets/cluster_broker_url'),
  secret('erlang_cookie', 'secrets/erlang_cookie'),
];

/** What swarm-stack.yml mounts, or both stack files together. */
export function versionedContents(isCluster: boolean): readonly VersionedContent[] {
  return isCluster ? cluster : single;
}

/**
 * The version of a content: 48 bits of its SHA-256. Names of secrets can be read by whoever may list them, and a guess at a
 * secret can be tried against its digest; so what is a secret here has at least 128 random bits (secret-contents.ts).
 */
export function contentDigest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}

/** Name of a content in Swarm. */
export function versionedName(stack: string, { name }: VersionedContent, digest: string): string {
  return `${stack}_${name}_${digest}`;
}

/** True for a name that some version of these contents has, or had. */
export function isVersionOf(stack: string, { name }: VersionedContent, swarmName: string): boolean {
  const prefix = `${stack}_${name}_`;
  return swarmName.startsWith(prefix) && /^[0-9a-z]+$/.test(swarmName.slice(prefix.length));
}

function config(name: string, file: string): VersionedContent {
  return { kind: 'config', name, file, variable: `${name.toUpperCase()}_DIGEST` };
}

function secret(name: string, file: string): VersionedContent {
  return { kind: 'secret', name, file, variable: `${name.toUpperCase()}_DIGEST` };
}
