import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { virtualHosts } from './configuration.ts';

/**
 * Writes the secrets of the measured stack, with a new random password, into a new folder that nobody else can read.
 *
 * @returns the folder
 */
export async function writeBrokerSecrets(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'celeriac-scaling-'));
  const password = randomBytes(24).toString('base64url');
  for (const virtualHost of virtualHosts) {
    const url = `amqp://celeriac:${password}@rabbitmq:5672/${virtualHost}`;
    await writeFile(join(folder, `broker_url_${virtualHost}`), url, { mode: 0o600 });
  }
  await writeFile(join(folder, 'rabbitmq_users.json'), JSON.stringify(userDefinitions(password)), {
    mode: 0o600,
  });
  return folder;
}

/** The user of workers and publisher, who may also read what the broker says of itself. */
function userDefinitions(password: string): object {
  const salt = randomBytes(4);
  const digest = createHash('sha256').update(salt).update(password).digest();
  return {
    users: [
      {
        name: 'celeriac',
        // RabbitMQ's rabbit_password_hashing_sha256
        password_hash: Buffer.concat([salt, digest]).toString('base64'),
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: ['monitoring'],
      },
    ],
    permissions: virtualHosts.map((vhost) => ({
      user: 'celeriac',
      vhost,
      configure: '.*',
      write: '.*',
      read: '.*',
    })),
  };
}
