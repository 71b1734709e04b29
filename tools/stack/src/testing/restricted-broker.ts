import { openBroker, type OwnedBroker } from '@celeriac/local-stack';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSecrets } from '../make-secrets.ts';

declare const __dirname: string;

/** A broker with the users and the topology of the stack, and the secrets that its apps would have. */
export interface RestrictedBroker {
  readonly broker: OwnedBroker;
  /** The broker URL of a user, as in its secret but for host and port. */
  url(user: string): Promise<string>;
  close(): Promise<void>;
}

export interface RestrictedBrokerOptions {
  /** Lines of rabbitmq.conf for the folder of the secrets, which is there by then. */
  readonly configuration?: (folder: string) => Promise<string>;
}

const dockerFolder = join(__dirname, '../../../../docker/rabbitmq');

/** Starts a RabbitMQ of one's own that imports the definitions of the stack, as the stack's own does. */
export async function openRestrictedBroker(options: RestrictedBrokerOptions = {}): Promise<RestrictedBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'stack-broker-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true });
  try {
    const secrets = join(folder, 'secrets');
    await makeSecrets(secrets);
    const definitions = await mergedDefinitions(secrets);
    await writeFile(join(folder, 'definitions.json'), JSON.stringify(definitions));
    const more = (await options.configuration?.(folder)) ?? '';
    const broker = await openBroker({
      isolated: true,
      configuration: `load_definitions = ${join(folder, 'definitions.json')}\n${more}`,
    });
    const passwordOf = async (user: string): Promise<string> => {
      if (user === 'operator') return (await readFile(join(secrets, 'operator_password'), 'utf8')).trim();
      return new URL(await readFile(join(secrets, `${user}_broker_url`), 'utf8')).password;
    };
    return {
      broker,
      url: async (user) => {
        const { host } = new URL(broker.url);
        return `amqp://${user}:${await passwordOf(user)}@${host}/celeriac`;
      },
      close: async () => {
        await broker.close();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** In one file, as older releases load one; without the policies, of which some take RabbitMQ 4. */
async function mergedDefinitions(secrets: string): Promise<object> {
  const read = async (file: string): Promise<Record<string, readonly object[]>> =>
    JSON.parse(await readFile(file, 'utf8')) as Record<string, readonly object[]>;
  const base = await read(join(dockerFolder, 'definitions.json'));
  const topology = await read(join(dockerFolder, 'topology.json'));
  const list = (name: string): readonly object[] => [...(base[name] ?? []), ...(topology[name] ?? [])];
  const { users = [], permissions = [] } = await read(join(secrets, 'rabbitmq_users.json'));
  // by whom openBroker finds out that the node is there
  const guest = { name: 'guest', password: 'guest', tags: [] };
  return {
    users: [...users, guest],
    permissions: [...permissions, { user: 'guest', vhost: '/', configure: '^$', write: '^$', read: '^$' }],
    vhosts: [{ name: '/' }, { name: 'celeriac' }],
    exchanges: list('exchanges'),
    queues: list('queues'),
    bindings: list('bindings'),
  };
}
