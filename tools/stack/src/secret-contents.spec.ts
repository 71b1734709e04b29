import { createHash } from 'node:crypto';
import { secretFiles } from './secret-contents.ts';

const files = new Map(
  secretFiles({
    celeriacPassword: 'app-password',
    operatorPassword: 'operator-password',
    erlangCookie: 'cookie',
    salts: [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7, 8)],
  }).map((file) => [file.name, file]),
);

interface Definitions {
  readonly users: readonly { name: string; password_hash: string; tags: readonly string[] }[];
  readonly permissions: readonly { user: string; vhost: string; read: string }[];
}

const definitions = JSON.parse(files.get('rabbitmq_users.json')?.content ?? '') as Definitions;

describe('secretFiles', () => {
  it('gives one broker and three the same user, password and virtual host', () => {
    const url = 'amqp://celeriac:app-password@rabbitmq:5672/celeriac';
    expect(files.get('broker_url')?.content).toBe(url);
    expect(files.get('cluster_broker_url')?.content.split(';')).toEqual([
      url,
      url.replace('@rabbitmq', '@rabbitmq2'),
      url.replace('@rabbitmq', '@rabbitmq3'),
    ]);
  });

  it.each([
    ['celeriac', 'app-password', []],
    ['operator', 'operator-password', ['administrator']],
  ])('gives RabbitMQ a salted hash of the password of %s', (name, password, tags) => {
    const user = definitions.users.find((candidate) => candidate.name === name);
    const hash = Buffer.from(user?.password_hash ?? '', 'base64');
    const expected = createHash('sha256').update(hash.subarray(0, 4)).update(password).digest();
    expect(hash.subarray(4)).toEqual(expected);
    expect(user?.tags).toEqual(tags);
  });

  it('keeps passwords out of what RabbitMQ is given', () => {
    expect(files.get('rabbitmq_users.json')?.content).not.toContain('password"');
    expect(files.get('rabbitmq_users.json')?.content).not.toContain('app-password');
  });

  it('keeps workers and callers away from the dead letters, and from nothing else', () => {
    const [celeriac] = definitions.permissions;
    const pattern = new RegExp(celeriac?.read ?? '');
    expect(celeriac?.vhost).toBe('celeriac');
    expect(['addition', 'amq.default', 'dead-letters-of-mine'].every((name) => pattern.test(name))).toBe(
      true,
    );
    expect(pattern.test('dead-letters')).toBe(false);
  });

  it('lets containers read no more than Compose has to mount', () => {
    const readable = [...files.values()].filter(({ mode }) => mode === 0o644).map(({ name }) => name);
    expect(readable).toEqual(['broker_url', 'rabbitmq_users.json']);
  });
});
