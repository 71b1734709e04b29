import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { livingProcesses, signalGroup } from './process-group.ts';
import { ProcessGuard } from './process-guard.ts';

describe('ProcessGuard', () => {
  const started: number[] = [];
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'celeriac-spec-'));
  });

  afterEach(async () => {
    for (const group of started.splice(0)) signalGroup(group, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  /** A shell in a group of its own that runs `script` and then waits for good; resolves when it has said so. */
  async function group(script = ''): Promise<{ child: ChildProcess; id: number }> {
    const child = spawn('sh', ['-c', `${script}\nsleep 1000 & echo ready; wait`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (child.pid === undefined) throw new Error('sh did not start');
    started.push(child.pid);
    await once(child.stdout, 'data');
    return { child, id: child.pid };
  }

  it('ends all processes of its groups, runs the final command and removes the folder', async () => {
    const guarded = join(folder, 'guarded');
    const said = join(folder, 'said');
    await mkdir(guarded);
    const guard = await ProcessGuard.open({
      folder: guarded,
      finalCommand: ['sh', '-c', `echo done > ${said}`],
    });
    const { child, id } = await group();
    guard.add(id);
    expect((await livingProcesses(id)).length).toBeGreaterThanOrEqual(2); // the shell and its sleep
    await guard.close();
    expect(await livingProcesses(id)).toEqual([]);
    expect(child.signalCode).toBe('SIGTERM');
    expect(await readFile(said, 'utf8')).toBe('done\n');
    await expect(access(guarded)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('kills what does not heed SIGTERM', async () => {
    const guard = await ProcessGuard.open({ graceMs: 200 });
    const { child, id } = await group("trap '' TERM");
    guard.add(id);
    await guard.close();
    expect(await livingProcesses(id)).toEqual([]);
    expect(child.signalCode).toBe('SIGKILL');
  });

  it('lets a group be that was dropped', async () => {
    const guard = await ProcessGuard.open();
    const dropped = await group();
    const kept = await group();
    guard.add(dropped.id);
    guard.add(kept.id);
    guard.drop(dropped.id);
    await guard.close();
    expect(await livingProcesses(kept.id)).toEqual([]);
    expect(await livingProcesses(dropped.id)).not.toEqual([]);
  });

  it('may be closed twice', async () => {
    const guard = await ProcessGuard.open();
    await guard.close();
    await expect(guard.close()).resolves.toBeUndefined();
  });
});
