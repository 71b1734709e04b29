import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { RecordingLogger, until } from '@celeriac/testing';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RevokedStateFile } from './revoked-state-file.ts';
import { RevokedTasks } from './revoked-tasks.ts';

describe('RevokedStateFile', () => {
  let folder: string;
  let path: string;
  let logger: RecordingLogger;
  const opened: RevokedStateFile[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'celeriac-state-'));
    path = join(folder, 'worker.state');
    logger = new RecordingLogger();
  });

  afterEach(async () => {
    for (const file of opened.splice(0)) await file.close().catch(() => undefined); // where a test took the folder away
    await rm(folder, { recursive: true, force: true });
  });

  async function open(
    revoked = new RevokedTasks(),
  ): Promise<{ revoked: RevokedTasks; file: RevokedStateFile }> {
    const file = await RevokedStateFile.open({ path, revoked, logger });
    opened.push(file);
    return { revoked, file };
  }

  function saved(): { readonly revoked: readonly string[] } {
    return JSON.parse(readFileSync(path, 'utf8')) as { revoked: string[] };
  }

  async function untilSaved(...ids: string[]): Promise<void> {
    await until(() => saved().revoked.join() === ids.join(), { timeoutMs: 20_000 });
  }

  it('makes a file that is not there, for its owner alone', async () => {
    await open();
    expect(saved()).toEqual({
      format: 'celeriac-worker-state',
      version: 1,
      revoked: [],
      revoked_stamps: [],
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('gives the next worker the ids and stamps of the one before, in their order', async () => {
    const first = await open();
    first.revoked.add(['a', 'b', '__proto__']);
    first.revoked.addStampedHeaders({ customer: ['7', 8, 2n ** 60n] });
    await first.file.close();

    const { revoked } = await open();

    expect([...revoked.ids()]).toEqual(['a', 'b', '__proto__']);
    expect(revoked.stamps()).toEqual([
      ['customer', '7'],
      ['customer', 8],
      ['customer', 2n ** 60n],
    ]);
    expect(await readdir(folder)).toEqual(['worker.state']);
  });

  it('saves what changes while the worker runs, changes of the same time at once', async () => {
    const { revoked } = await open();
    for (const id of ['a', 'b', 'c']) revoked.add([id]);
    expect(saved()).toMatchObject({ revoked: [] });

    await untilSaved('a', 'b', 'c');
    revoked.add(['d']);
    await untilSaved('a', 'b', 'c', 'd');
  });

  it('keeps nothing that comes after its end', async () => {
    const { revoked, file } = await open();
    revoked.add(['a']);
    await file.close();
    revoked.add(['b']);
    await file.close();
    expect(saved()).toMatchObject({ revoked: ['a'] });
  });

  it('replaces what a crash has left half-written, and its mode', async () => {
    await writeFile(`${path}.tmp`, '{"format": "cele', { mode: 0o666 });
    await chmod(`${path}.tmp`, 0o666);
    await open();
    expect(saved()).toMatchObject({ revoked: [] });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['worker.state']);
  });

  const good = { format: 'celeriac-worker-state', version: 1, revoked: ['a'], revoked_stamps: [] };

  it.each([
    ['is empty', '', 'is no state file of a worker, or is damaged'],
    ['is cut off', JSON.stringify(good).slice(0, -5), 'is no state file of a worker, or is damaged'],
    ["is Celery's", '\x13\x57\x9a\xce\0\0gdbm', 'is no state file of a worker, or is damaged'],
    ['is other JSON', '{"revoked": []}', 'is no state file of a worker'],
    ['is null', 'null', 'is no state file of a worker'],
    [
      'is of a later version',
      JSON.stringify({ ...good, version: 2 }),
      'has version 2, and 1 is what is read',
    ],
    ['holds ids that are no text', JSON.stringify({ ...good, revoked: [7] }), 'is damaged'],
    ['holds no stamps', JSON.stringify({ ...good, revoked_stamps: null }), 'is damaged'],
    ['holds half a stamp', JSON.stringify({ ...good, revoked_stamps: [['customer']] }), 'is damaged'],
  ])('refuses a file that %s, and leaves it as it is', async (_, text, reason) => {
    await writeFile(path, text);
    const revoked = new RevokedTasks();

    const opening = open(revoked);

    await expect(opening).rejects.toThrow(ImproperlyConfiguredError);
    await expect(opening).rejects.toThrow(
      `worker_state_db: the file ${JSON.stringify(path)} ${reason}; move it away, or name another`,
    );
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(revoked.size).toBe(0);
  });

  it('refuses a folder in place of a file', async () => {
    await mkdir(path);
    await expect(open()).rejects.toThrow(`the file ${JSON.stringify(path)} cannot be read (EISDIR)`);
  });

  it('refuses a file in a folder that is not there', async () => {
    path = join(folder, 'missing', 'worker.state');
    await expect(open()).rejects.toThrow(`the file ${JSON.stringify(path)} cannot be written (ENOENT)`);
  });

  it('goes on and tries again when it cannot save, says so once, and rejects when it is closed so', async () => {
    const { revoked, file } = await open();
    const aside = `${path}.tmp`;
    await mkdir(aside); // in the way of what is written
    revoked.add(['a']);
    await until(() => logger.fieldsOf('worker state not saved').length === 1, { timeoutMs: 20_000 });
    revoked.add(['b']);
    await rm(aside, { recursive: true });
    await untilSaved('a', 'b');
    await until(() => logger.fieldsOf('worker state saved again').length === 1, { timeoutMs: 20_000 });
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'worker state not saved',
      'worker state saved again',
    ]);

    await mkdir(aside);
    revoked.add(['c']);
    await expect(file.close()).rejects.toThrow('EISDIR');
  });
});
