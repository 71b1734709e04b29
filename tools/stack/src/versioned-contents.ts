import { createHash } from 'node:crypto';
import { appServices } from './app-services.ts';
import { certificateFile, certificateNames } from './certificates.ts';
import { brokerUrlFile, type StackKind } from './secret-contents.ts';

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

/** What the stack files of this kind mount, and the URL for a caller that an operator attaches. */
export function versionedContents(kind: StackKind): readonly VersionedContent[] {
  const { isCluster, isTls } = kind;
  return [
    config('rabbitmq_conf', 'docker/rabbitmq/rabbitmq.conf'),
    config('rabbitmq_definitions', 'docker/rabbitmq/definitions.json'),
    config('rabbitmq_topology', 'docker/rabbitmq/topology.json'),
    ...(isCluster ? [config('rabbitmq_cluster_conf', 'docker/rabbitmq/cluster.conf')] : []),
    ...(isTls ? [config('rabbitmq_tls_conf', 'docker/rabbitmq/tls.conf')] : []),
    ...[...appServices, 'caller'].map((user) =>
      secret(`${user}_broker_url`, `secrets/${brokerUrlFile(user, kind)}`),
    ),
    secret('rabbitmq_users', 'secrets/rabbitmq_users.json'),
    ...(isCluster ? [secret('erlang_cookie', 'secrets/erlang_cookie')] : []),
    ...(isTls ? certificateNames.map((name) => secret(name, certificateFile(name))) : []),
  ];
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
