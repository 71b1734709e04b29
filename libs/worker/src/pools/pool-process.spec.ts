import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '@celeriac/testing';
import { isAlive, PoolBundle, PoolFixture } from '../testing/pool-fixture.ts';

jest.setTimeout(120_000);

const patience = { timeoutMs: 60_000 };

describe('a process of the pool', () => {
  const bundle = new PoolBundle();

  beforeAll(() => bundle.build());

  afterAll(() => {
    bundle.remove();
  });

  it('ends with its worker, even while a task spins', async () => {
    const options = ['--import', '@swc-node/register/esm-register', '--conditions', '@celeriac/source'];
    const program = join(__dirname, '../testing/pool-parent.ts');
    const tasks = join(bundle.folder, 'pool-tasks.js');
    const parent = spawn(process.execPath, [...options, program, tasks], {
      cwd: join(__dirname, '../../../..'), // where the loader looks for its settings
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(said.toString()) as number[];
    expect(pids.map(isAlive)).toEqual([true, true]);

    parent.kill('SIGKILL');

    await until(() => !pids.some(isAlive), patience);
  });

  it('leaves it to its worker what a signal to them all means', async () => {
    const fixture = new PoolFixture('processes', bundle);
    await fixture.pool.start();
    const run = fixture.run('untilAborted', 'return');
    await until(() => fixture.states.length > 0, patience);

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) process.kill(run.pid, signal);

    run.abort(new Error('enough'));
    expect(await run.result).toBe(false);
    await fixture.pool.close();
  });
});
