import { createHash } from 'node:crypto';
import { appServices } from './app-services.ts';
import { brokerUsers, guestUsers, type BrokerUser } from './broker-users.ts';

/** Random values that everything secret is made of. */
export interface SecretSeeds {
  /** The password of a user of RabbitMQ, another for each; the same whenever it is asked for. */
  readonly password: (user: string) => string;
  /** Four bytes for the hash of a user's password. */
  readonly salt: (user: string) => Uint8Array;
  readonly erlangCookie: string;
}

/** Hosts of the brokers, in the order in which they are tried. */
export const brokerHosts = { single: ['rabbitmq'], cluster: ['rabbitmq', 'rabbitmq2', 'rabbitmq3'] } as const;

export interface StackKind {
  /** Three brokers instead of one. */
  readonly isCluster: boolean;
  /** TLS between the brokers and their clients. */
  readonly isTls: boolean;
}

/** All that the stack files can be put together to. */
export const stackKinds: readonly StackKind[] = [
  { isCluster: false, isTls: false },
  { isCluster: true, isTls: false },
  { isCluster: false, isTls: true },
  { isCluster: true, isTls: true },
];

const virtualHost = 'celeriac';

/** A file of secrets/, and who has to be able to read it. */
export interface SecretFile {
  /** Relative to the folder. */
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
  const urlUsers = [...appServices, ...guestUsers];
  return [
    ...stackKinds.flatMap((kind) =>
      urlUsers.map((user): SecretFile => {
        const isOfCompose = !kind.isCluster && !kind.isTls && appServices.includes(user);
        const name = brokerUrlFile(user, kind);
        return { name, content: brokerUrl(user, kind, seeds), mode: isOfCompose ? 0o644 : 0o600 };
      }),
    ),
    { name: 'rabbitmq_users.json', content: rabbitmqUsers(seeds), mode: 0o644 },
    ...['operator', 'monitoring'].map((user): SecretFile => ({
      name: `${user}_password`,
      content: `${seeds.password(user)}\n`,
      mode: 0o600,
    })),
    { name: 'erlang_cookie', content: seeds.erlangCookie, mode: 0o600 },
  ];
}

/** The file with a user's broker URL, relative to secrets/. */
export function brokerUrlFile(user: string, { isCluster, isTls }: StackKind): string {
  const folder = [isCluster ? 'cluster' : '', isTls ? 'tls' : ''].filter((part) => part !== '').join('-');
  return `${folder === '' ? '' : `${folder}/`}${user}_broker_url`;
}

function brokerUrl(user: string, { isCluster, isTls }: StackKind, seeds: SecretSeeds): string {
  const hosts = isCluster ? brokerHosts.cluster : brokerHosts.single;
  const [scheme, port] = isTls ? ['amqps', 5671] : ['amqp', 5672];
  return hosts
    .map((host) => `${scheme}://${user}:${seeds.password(user)}@${host}:${port}/${virtualHost}`)
    .join(';');
}

/** Definitions for RabbitMQ with all users and what each may do. */
function rabbitmqUsers(seeds: SecretSeeds): string {
  const definitions = {
    users: brokerUsers().map(({ name, tags }) => ({
      name,
      password_hash: passwordHash(seeds.password(name), seeds.salt(name)),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags,
    })),
    permissions: brokerUsers().map(permission),
  };
  return `${JSON.stringify(definitions, null, 2)}\n`;
}

function permission({ name, configure, write, read }: BrokerUser): object {
  return { user: name, vhost: virtualHost, configure, write, read };
}

/** RabbitMQ's `rabbit_password_hashing_sha256`: base64 of the salt and of SHA-256 over salt and password. */
function passwordHash(password: string, salt: Uint8Array): string {
  const digest = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, digest]).toString('base64');
}
