import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LocalStackError } from './local-stack-error.ts';
import { addTallies, emptyTally, formatTally, readTally } from './test-tally.ts';

describe('readTally', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'celeriac-spec-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function written(text: string): Promise<string> {
    const path = join(folder, 'unit.json');
    await writeFile(path, text);
    return path;
  }

  it('names the project at what was skipped, and counts a file that did not run as a failure', async () => {
    const path = await written('{"passed":3,"failed":1,"skipped":["a b"],"broken":["src/x.spec.ts"]}');
    expect(await readTally(path, 'libs/worker')).toEqual({
      passed: 3,
      failed: 2,
      skipped: ['libs/worker: a b'],
      broken: ['libs/worker: src/x.spec.ts'],
    });
  });

  it('counts a project that wrote nothing as one failure', async () => {
    const tally = await readTally(join(folder, 'missing.json'), 'libs/worker');
    expect(tally).toMatchObject({ passed: 0, failed: 1 });
    expect(tally.broken).toEqual([expect.stringContaining('libs/worker')]);
  });

  it.each([
    'null',
    '{"passed":1,"failed":0,"skipped":[]}',
    '{"passed":"1","failed":0,"skipped":[],"broken":[]}',
    '{"passed":1,"failed":0,"skipped":[3],"broken":[]}',
  ])('refuses %s', async (text) => {
    await expect(readTally(await written(text), 'libs/worker')).rejects.toThrow(LocalStackError);
  });
});

describe('addTallies', () => {
  it('adds counts and joins names', () => {
    const sum = addTallies([
      { passed: 2, failed: 0, skipped: ['x'], broken: [] },
      { passed: 40, failed: 1, skipped: ['y', 'z'], broken: ['f'] },
    ]);
    expect(sum).toEqual({ passed: 42, failed: 1, skipped: ['x', 'y', 'z'], broken: ['f'] });
    expect(formatTally(sum)).toBe('42 passed, 1 failed, 3 skipped');
  });

  it('is nothing for nothing', () => {
    expect(formatTally(addTallies([]))).toBe('0 passed, 0 failed, 0 skipped');
    expect(addTallies([])).toEqual(emptyTally);
  });
});
