import { access, rm } from 'node:fs/promises';

import { makeTemporaryFolder, markOwner, removeStaleFolders } from './temporary-folders.ts';
import { runCommand } from './run-command.ts';

const purpose = `spec${String(process.pid)}`;

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The number of a process that has just ended. */
async function deadProcess(): Promise<number> {
  return Number((await runCommand('sh', ['-c', 'echo $$'])).output);
}

describe('removeStaleFolders', () => {
  it('removes folders whose owner is dead, and keeps those of the living, of the unowned and of others', async () => {
    const [stale, living, young, other] = await Promise.all([
      makeTemporaryFolder(purpose),
      makeTemporaryFolder(purpose),
      makeTemporaryFolder(purpose),
      makeTemporaryFolder(`${purpose}other`),
    ]);
    const dead = await deadProcess();
    await markOwner(stale, dead);
    await markOwner(living, process.pid);
    await markOwner(other, dead);
    await removeStaleFolders(purpose);
    const kept = await Promise.all([stale, living, young, other].map(exists));
    await Promise.all([living, young, other].map((folder) => rm(folder, { recursive: true })));
    expect(kept).toEqual([false, true, true, true]);
  });
});
