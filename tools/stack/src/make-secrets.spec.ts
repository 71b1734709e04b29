import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { makeSecrets } from './make-secrets.ts';
import { StackError } from './stack-error.ts';

describe('makeSecrets', () => {
  let parent = '';
  let folder = '';

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'stack-secrets-'));
    folder = join(parent, 'secrets');
  });

  afterEach(async () => {
    await rm(parent, { recursive: true });
  });

  const content = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');

  it('makes a folder that is closed to others, with all files', async () => {
    const written = await makeSecrets(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const names = files.map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
    expect(names.sort()).toEqual([...written].sort());
    for (const entry of entries.filter((candidate) => candidate.isDirectory())) {
      expect((await stat(join(folder, entry.name))).mode & 0o777).toBe(0o700);
    }
    expect((await stat(join(folder, 'operator_password'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'addition_broker_url'))).mode & 0o777).toBe(0o644);
  });

  it('makes a password that cannot be guessed, another each time', async () => {
    await makeSecrets(folder);
    const first = await content('addition_broker_url');
    await rm(folder, { recursive: true });
    await makeSecrets(folder);
    expect(await content('addition_broker_url')).not.toBe(first);
    expect(new URL(first).password).toMatch(/^[\w-]{32}$/);
  });

  it('gives each user a password of its own, the same in all files', async () => {
    await makeSecrets(folder);
    const urls = ['addition', 'division', 'producer', 'caller', 'monitoring'].map((user) =>
      content(`${user}_broker_url`),
    );
    const passwords = (await Promise.all(urls)).map((url) => new URL(url).password);
    expect(new Set(passwords).size).toBe(passwords.length);
    expect(await content('tls/addition_broker_url')).toContain(`:${passwords[0]}@`);
    expect(await content('monitoring_password')).toBe(`${passwords[4]}\n`);
  });

  it('leaves what is there as it is', async () => {
    await makeSecrets(folder);
    const first = await content('rabbitmq_users.json');
    await expect(makeSecrets(folder)).resolves.toEqual([]);
    expect(await content('rabbitmq_users.json')).toBe(first);
  });

  it('makes no file that would not agree with the others', async () => {
    await makeSecrets(folder);
    await rm(join(folder, 'rabbitmq_users.json'));
    await expect(makeSecrets(folder)).rejects.toThrow(StackError);
    await expect(makeSecrets(folder)).rejects.toThrow('has no rabbitmq_users.json');
    expect(await readdir(folder)).not.toContain('rabbitmq_users.json');
  });
});
