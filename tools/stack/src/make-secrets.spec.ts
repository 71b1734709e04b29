import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    expect((await readdir(folder)).sort()).toEqual([...written].sort());
    expect((await stat(join(folder, 'operator_password'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'broker_url'))).mode & 0o777).toBe(0o644);
  });

  it('makes a password that cannot be guessed, another each time', async () => {
    await makeSecrets(folder);
    const first = await content('broker_url');
    await rm(folder, { recursive: true });
    await makeSecrets(folder);
    expect(await content('broker_url')).not.toBe(first);
    expect(new URL(first).password).toMatch(/^[\w-]{32}$/);
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
