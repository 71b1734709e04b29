import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const OWNER_FILE = 'guard.pid';

/** A folder without an owner may be one that is being set up; after this long it is not. */
const SETUP_MS = 3_600_000;

/**
 * Process numbers mean something within their name space only: containers may share a temporary folder.
 * The name of a folder therefore carries the name space.
 */
async function folderPrefix(purpose: string): Promise<string> {
  const space = await readlink('/proc/self/ns/pid').catch(() => '');
  return `celeriac-${purpose}-${/\d+/.exec(space)?.[0] ?? '0'}-`;
}

/** Makes a temporary folder for `purpose`; `markOwner` must follow. */
export async function makeTemporaryFolder(purpose: string): Promise<string> {
  return mkdtemp(join(tmpdir(), await folderPrefix(purpose)));
}

/** Notes the process that will remove the folder. */
export async function markOwner(folder: string, owner: number): Promise<void> {
  await writeFile(join(folder, OWNER_FILE), String(owner));
}

/** Removes the folders for `purpose` whose owner did not live to do so: the machine lost power, or a container was killed. */
export async function removeStaleFolders(purpose: string): Promise<void> {
  const prefix = await folderPrefix(purpose);
  const names = await readdir(tmpdir());
  for (const name of names.filter((one) => one.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    if (await isStale(folder)) await rm(folder, { recursive: true, force: true });
  }
}

async function isStale(folder: string): Promise<boolean> {
  const owner = Number(await readFile(join(folder, OWNER_FILE), 'utf8').catch(() => ''));
  if (owner > 0) return !isRunning(owner);
  const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > SETUP_MS;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (caught) {
    // EPERM: it runs, and belongs to somebody else
    return caught instanceof Error && 'code' in caught && caught.code === 'EPERM';
  }
}
