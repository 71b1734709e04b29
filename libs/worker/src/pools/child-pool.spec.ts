import type { LogFields } from '@celeriac/primitives';
import { RecordingLogger, until } from '@celeriac/testing';
import { isAlive, PoolBundle, PoolFixture, rejectionOf } from '../testing/pool-fixture.ts';
import type { ChildEnd, ChildHandle } from './child-handle.ts';
import { ChildPool } from './child-pool.ts';
import type { ExecutionPoolOptions } from './create-execution-pool.ts';
import { WorkerLostError } from './worker-lost-error.ts';

jest.setTimeout(120_000);

const patience = { timeoutMs: 60_000 };

const bundle = new PoolBundle();

beforeAll(() => bundle.build());

afterAll(() => {
  bundle.remove();
});

/** What Node holds open for threads and processes. */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => /^(?:ProcessWrap|MessagePort|Worker)$/.test(kind));
}

/** The life of threads and processes: real ones, with tasks that harm them. */
const escapedLine = 'an error escaped from a task in the pool, its thread or process goes on';

describe.each(['threads', 'processes'] as const)('the %s of a pool', (kind) => {
  const fixtures: PoolFixture[] = [];

  async function start(options: Partial<ExecutionPoolOptions> = {}): Promise<PoolFixture> {
    const fixture = new PoolFixture(kind, bundle, options);
    fixtures.push(fixture);
    await fixture.pool.start();
    return fixture;
  }

  afterEach(async () => {
    await Promise.all(fixtures.splice(0).map(({ pool }) => pool.close()));
  });

  it('can be killed while they spin, and are replaced', async () => {
    const fixture = await start();
    const before = await fixture.run('where').result;
    const run = fixture.run('die', 'spin');

    run.kill();

    const status = kind === 'threads' ? 'exitcode 1' : 'signal 9 (SIGKILL)';
    const error = await rejectionOf(run);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(error).toMatchObject({
      excType: 'WorkerLostError',
      excModule: 'billiard.exceptions',
      message: `Worker exited prematurely: ${status} Job: 1.`,
    });
    expect(await fixture.run('where').result).not.toBe(before);
    expect(fixture.logger.lines).toEqual([]);
  });

  it.each([['exit', 'exitcode 3'], ...(kind === 'processes' ? [['sigkill', 'signal 9 (SIGKILL)']] : [])])(
    'are replaced when a task ends them: %s',
    async (death, status) => {
      const fixture = await start();
      const run = fixture.run('die', death);

      const error = await rejectionOf(run);

      expect(error.message).toBe(`Worker exited prematurely: ${status} Job: 0.`);
      expect(fixture.logger.fieldsOf('a child of the pool is lost')).toMatchObject([{ pool: kind, status }]);
      expect(await fixture.run('value', 'fraction').result).toBe(0.1);
    },
  );

  it('go on after an exception that a callback of their task throws: the task fails with it', async () => {
    const fixture = await start();
    const before = await fixture.run('where').result;

    const error = await rejectionOf(fixture.run('die', 'uncaught'));

    expect(error).toMatchObject({ excType: 'Exception', message: 'nobody catches this' });
    expect(fixture.logger.fieldsOf(escapedLine)).toMatchObject([
      {
        taskId: 'id-of-die',
        task: 'die',
        origin: 'uncaughtException',
        err: { message: 'nobody catches this' },
      },
    ]);
    expect(await fixture.run('where').result).toBe(before);
  });

  it.each(['rejects', 'throws'])('go on when what a task left behind %s, and name the task', async (how) => {
    const fixture = await start();
    const before = await fixture.run('where').result;

    expect(await fixture.run('leave', how).result).toBe('left');
    const next = fixture.run('untilAborted', 'return'); // it has nothing to do with it
    await until(() => fixture.logger.fieldsOf(escapedLine).length === 1, patience);
    next.abort(new Error('enough'));

    expect(await next.result).toBe(false);
    expect(fixture.logger.fieldsOf(escapedLine)).toMatchObject([
      { taskId: 'id-of-leave', task: 'leave', err: { message: `left behind: ${how}` } },
    ]);
    expect(await fixture.run('where').result).toBe(before);
  });

  it('tell of what a task left behind while they are idle', async () => {
    const fixture = await start();
    await fixture.run('leave', 'throws').result;
    await until(() => fixture.logger.fieldsOf(escapedLine).length === 1, patience);
    expect(fixture.logger.fieldsOf('a child of the pool is lost')).toEqual([]);
  });

  it('run as many tasks at a time as the concurrency says', async () => {
    const fixture = await start({ concurrency: 8 });
    const runs = Array.from({ length: 8 }, () => fixture.run('untilAborted', 'return'));

    await until(() => fixture.states.length === 8, patience);

    for (const run of runs) run.abort(new Error('enough'));
    expect(await Promise.all(runs.map(({ result }) => result))).toEqual(Array<boolean>(8).fill(false));
    if (kind === 'processes') expect(new Set(runs.map(({ pid }) => pid)).size).toBe(8);
  });

  it('become more and fewer, without an end to what runs', async () => {
    const fixture = await start();
    const first = fixture.run('untilAborted', 'return');
    fixture.pool.resize(3);
    const others = [1, 2].map(() => fixture.run('untilAborted', 'return'));
    await until(() => fixture.states.length === 3, patience);

    fixture.pool.resize(1);

    for (const run of [first, ...others]) run.abort(new Error('enough'));
    expect(await Promise.all([first, ...others].map(({ result }) => result))).toEqual([false, false, false]);
    const places = await Promise.all([1, 2, 3].map(() => fixture.run('where').result));
    expect(new Set(places).size).toBe(1);
    if (kind === 'processes') {
      const left = (): number => [first, ...others].filter(({ pid }) => isAlive(pid)).length;
      await until(() => left() === 1, patience);
    }
  });

  it('are replaced after maxTasksPerChild tasks', async () => {
    const fixture = await start({ maxTasksPerChild: 2 });

    const places: unknown[] = [];
    for (let count = 0; count < 4; count++) places.push(await fixture.run('where').result);

    expect(places[0]).toBe(places[1]);
    expect(places[2]).toBe(places[3]);
    expect(places[1]).not.toBe(places[2]);
    expect(fixture.logger.lines).toEqual([]);
  });

  it('are replaced after a task that leaves them with more than maxMemoryPerChildKib', async () => {
    const fixture = await start({ maxMemoryPerChildKib: 512 * 1024 });
    const before = await fixture.run('where').result;
    expect(await fixture.run('where').result).toBe(before);

    expect(await fixture.run('keep', 600).result).toBe(1);

    expect(await fixture.run('where').result).not.toBe(before);
    expect(fixture.logger.fieldsOf('a child of the pool holds too much memory')).toMatchObject([
      { maxMemoryPerChildKib: 512 * 1024 },
    ]);
  });

  it('end with the pool, whatever they do', async () => {
    const fixture = await start({ concurrency: 2 });
    const runs = [fixture.run('die', 'spin'), fixture.run('untilAborted', 'return')];
    const errors = Promise.all(runs.map(rejectionOf));

    await Promise.all([fixture.pool.close(), fixture.pool.close()]);

    for (const error of await errors) expect(error).toBeInstanceOf(WorkerLostError);
    if (kind === 'processes') expect(runs.map(({ pid }) => isAlive(pid))).toEqual([false, false]);
    expect(() => fixture.run('where')).toThrow('this one is closed');
  });

  it('leave no handle behind', async () => {
    const fixture = await start({ concurrency: 2, maxTasksPerChild: 1 });
    await Promise.all(['float', 'bytes', 'nested'].map((value) => fixture.run('value', value).result));
    expect(handles()).not.toEqual([]);

    await fixture.pool.close();

    await until(() => handles().length === 0, patience);
  });

  it.each([
    ['cannot-be-read.js', 'export const tasks =;', /cannot-be-read\.js cannot be loaded: .*Unexpected token/],
    ['no-tasks.js', 'export const a = 1, b = [];', /no-tasks\.js exports no tasks, but a, b; /],
    ['ends.js', 'process.exit(4);', /ended before it had loaded its tasks: exitcode 4/],
  ])('refuse to start without tasks, once: %s', async (name, content, message) => {
    const tasksModule = bundle.write(name, content);
    const fixture = new PoolFixture(kind, bundle, { tasksModule, concurrency: 2 });

    await expect(fixture.pool.start()).rejects.toMatchObject({
      name: 'ImproperlyConfiguredError',
      message: expect.stringMatching(message) as string,
    });

    expect(fixture.logger.lines).toEqual([]);
  });

  it('are not started again and again when their tasks can no longer be loaded', async () => {
    const tasksModule = bundle.write('vanishing.js', "export { tasks } from './pool-tasks.js';");
    const fixture = await start({ tasksModule });
    bundle.write('vanishing.js', 'process.exit(4);');

    await rejectionOf(fixture.run('die', 'exit'));
    const waiting = fixture.run('where');
    await until(() => ends(fixture).length >= 4, patience);

    const delays = ends(fixture).map(({ replacedInMs }) => Number(replacedInMs));
    expect(delays[0]).toBe(0); // its task ended it
    for (const [attempt, delay] of delays.slice(1, 4).entries()) {
      expect(delay).toBeGreaterThanOrEqual(50 * 2 ** attempt);
      expect(delay).toBeLessThanOrEqual(100 * 2 ** attempt);
    }
    bundle.write('vanishing.js', "export { tasks } from './pool-tasks.js';");
    expect(await waiting.result).toEqual(expect.any(Number));
  });

  function ends(fixture: PoolFixture): readonly LogFields[] {
    return fixture.logger.fieldsOf('a child of the pool is lost');
  }
});

describe('ChildPool', () => {
  it('tries again later when the system has no more for a child', async () => {
    const logger = new RecordingLogger();
    const children: { end(): void }[] = [];
    let refusals = 2;
    const startChild = (): ChildHandle => {
      if (children.length === 1 && refusals-- > 0) throw new Error('spawn ENOMEM');
      let end: () => void = () => undefined;
      const ended = new Promise<ChildEnd>((resolve) => {
        end = () => {
          resolve({ status: 'exitcode 1' });
        };
      });
      children.push({ end });
      const idle = { run: () => new Promise<never>(() => undefined), abort: () => undefined };
      return { pid: children.length, ready: Promise.resolve(), ended, ...idle, retire: end, kill: end };
    };
    const pool = new ChildPool({ kind: 'processes', concurrency: 1, startChild, logger });
    await pool.start();

    children[0]?.end();
    await until(() => children.length === 2, patience);

    const [lost, ...refused] = logger.lines;
    expect(lost?.message).toBe('a child of the pool is lost');
    expect(refused).toMatchObject([1, 2].map(() => ({ message: 'a child of the pool cannot be started' })));
    await pool.close();
  });

  it.each([0, -1, 1.5, NaN])('refuses a concurrency of %p', (concurrency) => {
    const startChild = (): never => {
      throw new Error('nothing is to be started');
    };
    expect(
      () => new ChildPool({ kind: 'threads', concurrency, startChild, logger: new RecordingLogger() }),
    ).toThrow(`must be a whole number of at least 1, got ${concurrency}`);
  });
});
