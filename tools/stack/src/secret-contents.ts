import { createHash } from 'node:crypto';

/** Random values that everything secret is made of. */
export interface SecretSeeds {
  /** Of RabbitMQ's user for workers and producer. */
  readonly celeriacPassword: string;
  /** Of RabbitMQ's administrator. */
  readonly operatorPassword: string;
  readonly erlangCookie: string;
  /** Four bytes for each of the two passwords. */
  readonly salts: readonly [Uint8Array, Uint8Array];
}

/** Hosts of the brokers, in the order in which they are tried. */
export const brokerHosts = { single: ['rabbitmq'], cluster: ['rabbitmq', 'rabbitmq2', 'rabbitmq3'] } as const;

const virtualHost = 'celeriac';

/** A file of secrets/, and who has to be able to read it. */
export interface SecretFile {
  readonly name: string;
  readonly content: string;
  /**
   * 0600, and 0644 for what docker/compose.yml mounts: Compose mounts the file itself, and the users of the containers are
   * others than its owner. The folder is 0700, so nobody else gets to any of them.
   */
  readonly mode: 0o600 | 0o644;
}

/** All files of secrets/; they agree with each other because they come from the same passwords. */
export function secretFiles(seeds: SecretSeeds): readonly SecretFile[] {
  return [
    { name: 'broker_url', content: brokerUrl(brokerHosts.single, seeds), mode: 0o644 },
    { name: 'cluster_broker_url', content: brokerUrl(brokerHosts.cluster, seeds), mode: 0o600 },
    { name: 'rabbitmq_users.json', content: rabbitmqUsers(seeds), mode: 0o644 },
    { name: 'operator_password', content: `${seeds.operatorPassword}\n`, mode: 0o600 },
    { name: 'erlang_cookie', content: seeds.erlangCookie, mode: 0o600 },
  ];
}

function brokerUrl(hosts: readonly string[], { celeriacPassword }: SecretSeeds): string {
  return hosts.map((host) => `amqp://celeriac:${celeriacPassword}@${host}:5672/${virtualHost}`).join(';');
}

/**
 * Definitions for RabbitMQ with the two users. Workers and callers may use every queue but the dead letters, which are for
 * the operator to look at and to send back.
 */
function rabbitmqUsers({ celeriacPassword, operatorPassword, salts }: SecretSeeds): string {
  const allButDeadLetters = '^(?!dead-letters$)';
  const definitions = {
    users: [
      user('celeriac', passwordHash(celeriacPassword, salts[0]), []),
      user('operator', passwordHash(operatorPassword, salts[1]), ['administrator']),
    ],
    permissions: [permission('celeriac', allButDeadLetters), permission('operator', '.*')],
  };
  return `${JSON.stringify(definitions, null, 2)}\n`;
}

function user(name: string, hash: string, tags: readonly string[]): object {
  return { name, password_hash: hash, hashing_algorithm: 'rabbit_password_hashing_sha256', tags };
}

function permission(name: string, pattern: string): object {
  return { user: name, vhost: virtualHost, configure: pattern, write: pattern, read: pattern };
}

/** RabbitMQ's `rabbit_password_hashing_sha256`: base64 of the salt and of SHA-256 over salt and password. */
function passwordHash(password: string, salt: Uint8Array): string {
  const digest = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, digest]).toString('base64');
}
