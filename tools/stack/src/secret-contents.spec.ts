import { createHash } from 'node:crypto';
import { secretFiles } from './secret-contents.ts';

const files = new Map(
  secretFiles({
    password: (user) => `password-of-${user}`,
    salt: (user) => Uint8Array.from([1, 2, 3, user.length]),
    erlangCookie: 'cookie',
  }).map((file) => [file.name, file]),
);

interface Definitions {
  readonly users: readonly { name: string; password_hash: string; tags: readonly string[] }[];
  readonly permissions: readonly { user: string; vhost: string }[];
}

const definitions = JSON.parse(files.get('rabbitmq_users.json')?.content ?? '') as Definitions;

describe('secretFiles', () => {
  it.each(['addition', 'subtraction', 'multiplication', 'division', 'producer', 'caller', 'monitoring'])(
    'gives %s the same user, password and virtual host for one broker and three, with TLS and without',
    (user) => {
      const urls = (folder: string): readonly string[] | undefined =>
        files.get(`${folder}${user}_broker_url`)?.content.split(';');
      const url = `amqp://${user}:password-of-${user}@rabbitmq:5672/celeriac`;
      const others = ['rabbitmq2', 'rabbitmq3'].map((host) => url.replace('@rabbitmq', `@${host}`));
      const withTls = (plain: string): string => plain.replace('amqp:', 'amqps:').replace(':5672', ':5671');
      expect(urls('')).toEqual([url]);
      expect(urls('cluster/')).toEqual([url, ...others]);
      expect(urls('tls/')).toEqual([withTls(url)]);
      expect(urls('cluster-tls/')).toEqual([url, ...others].map(withTls));
    },
  );

  it.each([
    ['addition', []],
    ['division', []],
    ['producer', []],
    ['caller', []],
    ['monitoring', ['monitoring']],
    ['operator', ['administrator']],
  ])('gives RabbitMQ a salted hash of the password of %s', (name, tags) => {
    const user = definitions.users.find((candidate) => candidate.name === name);
    const hash = Buffer.from(user?.password_hash ?? '', 'base64');
    const expected = createHash('sha256').update(hash.subarray(0, 4)).update(`password-of-${name}`).digest();
    expect(hash.subarray(4)).toEqual(expected);
    expect(user?.tags).toEqual(tags);
  });

  it('gives every user permissions on the one virtual host', () => {
    expect(definitions.permissions.map(({ user }) => user)).toEqual(
      definitions.users.map(({ name }) => name),
    );
    expect(new Set(definitions.permissions.map(({ vhost }) => vhost))).toEqual(new Set(['celeriac']));
  });

  it('keeps passwords out of what RabbitMQ is given', () => {
    expect(files.get('rabbitmq_users.json')?.content).not.toContain('password"');
    expect(files.get('rabbitmq_users.json')?.content).not.toContain('password-of-');
  });

  it('lets containers read no more than Compose has to mount', () => {
    const readable = [...files.values()].filter(({ mode }) => mode === 0o644).map(({ name }) => name);
    expect(readable).toEqual([
      ...['addition', 'subtraction', 'multiplication', 'division', 'producer'].map(
        (app) => `${app}_broker_url`,
      ),
      'rabbitmq_users.json',
    ]);
  });
});
