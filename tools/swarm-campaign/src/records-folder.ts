import { waitUntil } from '@celeriac/local-stack';
import { chmod, cp, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder that callers and tasks append to, and their programs beside it; /shared on every host. */
export interface RecordsFolder {
  readonly records: string;
  readonly programs: string;
}

/** Makes an empty folder for the records of one deployment, writable by the containers' users. */
export async function newRecordsFolder(shared: string, programs: string): Promise<RecordsFolder> {
  const folder = { records: join(shared, 'records'), programs: join(shared, 'programs') };
  await rm(folder.records, { recursive: true, force: true });
  for (const part of ['', 'callers', 'tasks']) {
    await mkdir(join(folder.records, part), { recursive: true });
    await chmod(join(folder.records, part), 0o777); // whoever a container runs as
  }
  await cp(programs, folder.programs, { recursive: true });
  return folder;
}

/** Bytes that the tasks of each service have recorded so far. */
async function recordedBytes(folder: RecordsFolder, services: readonly string[]): Promise<readonly number[]> {
  const tasks = join(folder.records, 'tasks');
  const files = await readdir(tasks);
  return Promise.all(
    services.map(async (service) => {
      const own = files.filter((file) => file.startsWith(`${service}-`));
      const sizes = await Promise.all(own.map(async (file) => (await stat(join(tasks, file))).size));
      return sizes.reduce((sum, size) => sum + size, 0);
    }),
  );
}

/** Waits until tasks of every service have run since the call: the load flows through all of them. */
export async function untilTasksRun(folder: RecordsFolder, services: readonly string[]): Promise<void> {
  const before = await recordedBytes(folder, services);
  await waitUntil(
    async () => (await recordedBytes(folder, services)).every((bytes, index) => bytes > (before[index] ?? 0)),
    { what: `tasks of ${services.join(', ')} run`, timeoutMs: 60_000 },
  );
}

interface CallerRecord {
  readonly at: number;
  readonly event: string;
  readonly id: string;
}

/** How many of the calls that were sent before a moment have no outcome yet. */
async function openCalls(folder: RecordsFolder, sentBefore: number): Promise<number> {
  const callers = join(folder.records, 'callers');
  const open = new Set<string>();
  for (const file of await readdir(callers)) {
    const lines = (await readFile(join(callers, file), 'utf8')).split('\n').slice(0, -1);
    for (const line of lines) {
      const { at, event, id } = JSON.parse(line) as CallerRecord;
      if (event === 'sending' && at < sentBefore) open.add(id);
      else if (event === 'answered' || event === 'unanswered') open.delete(id);
    }
  }
  return open.size;
}

/**
 * Waits until every call that was sent before a moment has its outcome, so that what happens next does not happen to it.
 * A fault may leave calls without an answer: after ten seconds it is not waited for any more.
 */
export async function untilCallsEnd(folder: RecordsFolder, sentBefore: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  await waitUntil(async () => Date.now() > deadline || (await openCalls(folder, sentBefore)) === 0, {
    what: 'the calls under way have ended',
    timeoutMs: 20_000,
    intervalMs: 200,
  });
}
