import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SoftTimeLimitExceeded } from '@celeriac/task-registry';
import { poolTask } from '../testing/pool-task.ts';
import { encodeThrown } from './outcome-wire.ts';
import { PoolChild } from './pool-child.ts';
import { encodeJob } from './pool-messages.ts';

describe('PoolChild', () => {
  let folder: string;
  let child: PoolChild;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pool-child-'));
    const path = join(folder, 'tasks.cjs');
    writeFileSync(
      path,
      `exports.tasks = {
         holder: { queue: 'q' },
         tasks: [{
           name: 'isAborted', queue: 'q', declaration: { kind: 'plain' }, options: {},
           run: (args, kwargs, context) => context().signal.aborted,
           encodeResult: (value) => value,
         }],
       };`,
    );
    child = await PoolChild.load(
      {
        tasksModule: pathToFileURL(path).href,
        nodeName: 'w1@host',
        acceptContent: undefined,
        maxBodyBytes: undefined,
        maxBodyValues: undefined,
      },
      () => undefined,
    );
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  // the abort of a thread's run comes by a port of its own, and may overtake it
  it('keeps an abort that comes before its run, for that run alone', async () => {
    child.abort({ type: 'abort', job: 5, reason: encodeThrown(new SoftTimeLimitExceeded()) });

    const outcomes = [];
    for (const job of [4, 5, 6]) outcomes.push(await child.run(encodeJob(job, poolTask('isAborted'))));

    expect(outcomes).toEqual(['false', 'true', 'false'].map((json) => ({ kind: 'value', json })));
  });

  it('forgets one that comes after its run', async () => {
    child.abort({ type: 'abort', job: 6, reason: encodeThrown(new SoftTimeLimitExceeded()) });
    expect(await child.run(encodeJob(7, poolTask('isAborted')))).toEqual({ kind: 'value', json: 'false' });
  });
});
