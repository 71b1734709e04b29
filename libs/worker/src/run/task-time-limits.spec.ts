import { SoftTimeLimitExceeded } from '@celeriac/task-registry';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WorkerSettings } from '../worker-settings.ts';
import { FakePool } from '../testing/fake-pool.ts';
import { RunFixture } from '../testing/run-fixture.ts';

const soft = { exc_type: 'SoftTimeLimitExceeded', exc_message: [], exc_module: 'billiard.exceptions' };
const hardAfter = (seconds: number) => ({
  exc_type: 'TimeLimitExceeded',
  exc_message: [seconds],
  exc_module: 'billiard.exceptions',
});

/** What a task is made of that never ends. */
const endless = () => new Promise(() => undefined);

/** Moves time on, and lets what that has set off come to its end. */
async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await nextTurn();
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
});

afterEach(() => {
  jest.useRealTimers();
});

describe('time limits on the event loop', () => {
  it('aborts the signal at the soft limit, with SoftTimeLimitExceeded as the reason; the task goes on', async () => {
    let signal: AbortSignal | undefined;
    const { runner, store, received, logger } = new RunFixture(
      (context) => {
        ({ signal } = context);
        return endless();
      },
      { options: { softTimeLimit: 2 } },
    );
    void runner.execute(received());
    await pass(1999);
    expect(signal?.aborted).toBe(false);
    await pass(1);
    expect(signal?.reason).toBeInstanceOf(SoftTimeLimitExceeded);
    expect(store.results).toEqual([]);
    expect(logger.fieldsOf('task reached its soft time limit')).toMatchObject([
      { taskId: 'an-id', limitMs: 2000 },
    ]);
  });

  it('gives a signal that is read after the soft limit aborted as it is', async () => {
    const seen: unknown[] = [];
    const { runner, received } = new RunFixture(
      async (context) => {
        await new Promise((resolve) => setTimeout(resolve, 1500));
        seen.push(context.signal.reason);
      },
      { options: { softTimeLimit: 1 } },
    );
    const running = runner.execute(received());
    await pass(1000);
    await pass(500);
    await running;
    expect(seen).toEqual([expect.any(SoftTimeLimitExceeded)]);
  });

  it.each<[string, (signal: AbortSignal) => unknown, object]>([
    ['that throws the reason fails with it', (signal) => { throw signal.reason; }, { status: 'FAILURE', result: soft }], // prettier-ignore
    ['that throws an AbortError fails with the reason', () => { throw new DOMException('aborted', 'AbortError'); }, { status: 'FAILURE', result: soft }], // prettier-ignore
    ['that throws another error fails with that', () => { throw new RangeError('other'); }, { status: 'FAILURE', result: { exc_type: 'ValueError' } }], // prettier-ignore
    [
      'that returns has succeeded',
      () => 'in time after all',
      { status: 'SUCCESS', result: 'in time after all' },
    ],
  ])('a task %s', async (_what, end, expected) => {
    const { runner, store, received } = new RunFixture(
      async ({ signal }) => {
        await once(signal, 'abort');
        return end(signal);
      },
      { options: { softTimeLimit: 1 } },
    );
    const running = runner.execute(received());
    await pass(1000);
    await running;
    expect(store.results).toMatchObject([expected]);
  });

  it('takes an AbortError for the soft limit only when that was reached', async () => {
    const { runner, store, received } = new RunFixture(
      () => Promise.reject(Object.assign(new Error('a fetch was aborted'), { name: 'AbortError' })),
      { options: { softTimeLimit: 1 } },
    );
    await runner.execute(received());
    expect(store.results).toMatchObject([
      { status: 'FAILURE', result: { exc_message: ['a fetch was aborted'] } },
    ]);
  });

  it('fails a task at its hard limit, frees its place, and ignores what it does afterwards', async () => {
    let finish: (value: string) => void = () => undefined;
    const { runner, store, received, active, outcomes } = new RunFixture(
      () => new Promise((resolve) => (finish = resolve)),
      { options: { timeLimit: 3 } },
    );
    const task = received();
    const running = runner.execute(task);
    await pass(2999);
    expect([store.results, active.size]).toEqual([[], 1]);
    await pass(1);
    await running;
    expect(active.size).toBe(0);
    expect(store.results).toMatchObject([{ status: 'FAILURE', result: hardAfter(3), traceback: null }]);
    store.confirmAll();
    expect(task.delivery.settlement).toBe('ack');
    finish('too late');
    await nextTurn();
    expect([store.results.length, outcomes.counts.failed, outcomes.counts.succeeded]).toEqual([1, 1, 0]);
  });

  it('tells a task of the hard limit, with the soft one before it', async () => {
    const reasons: string[] = [];
    const { runner, store, received } = new RunFixture(
      ({ signal }) => {
        signal.addEventListener('abort', () => reasons.push((signal.reason as Error).constructor.name));
        return endless();
      },
      { options: { softTimeLimit: 1, timeLimit: 2 } },
    );
    const running = runner.execute(received());
    await pass(1000);
    expect(store.results).toEqual([]);
    await pass(1000);
    await running;
    expect(reasons).toEqual(['SoftTimeLimitExceeded']); // a signal is aborted once
    expect(store.results).toMatchObject([{ result: hardAfter(2) }]);
  });

  // in seconds; [hard, soft]
  type Limits = readonly [number | undefined, number | undefined];
  const inMs = ([hard, softLimit]: Limits) => ({
    ...(hard === undefined ? {} : { hardMs: hard * 1000 }),
    ...(softLimit === undefined ? {} : { softMs: softLimit * 1000 }),
  });

  it.each<[string, Limits, Limits, Limits, string]>([
    ['the message’s', [5, undefined], [1, undefined], [9, undefined], 'hard after 5'],
    ['the message’s, soft', [undefined, 5], [undefined, 1], [undefined, 9], 'soft after 5'],
    [
      'the message’s, and the task’s for the other',
      [4, undefined],
      [undefined, 2],
      [undefined, undefined],
      'soft after 2',
    ],
    ['the task’s', [undefined, undefined], [3, undefined], [1, undefined], 'hard after 3'],
    ['the worker’s', [undefined, undefined], [undefined, undefined], [2, 1], 'soft after 1'],
    ['none with 0 in the message', [0, 0], [1, 0.5], [1, 1], 'none'],
    ['none with 0 of the task', [undefined, undefined], [0, undefined], [1, undefined], 'none'],
    ['none', [undefined, undefined], [undefined, undefined], [undefined, undefined], 'none'],
    ['none beyond what a timer can wait', [3_000_000, 3_000_000], [1, 0.5], [1, 1], 'none'],
    [
      'the hard one where the soft one is not before it',
      [2, 2],
      [undefined, undefined],
      [undefined, undefined],
      'hard after 2',
    ],
  ])('the limits of a run are %s', async (_what, message, task, worker, expected) => {
    const ends: string[] = [];
    const settings: Partial<WorkerSettings> = {
      taskTimeLimitMs: worker[0] === undefined ? undefined : worker[0] * 1000,
      taskSoftTimeLimitMs: worker[1] === undefined ? undefined : worker[1] * 1000,
    };
    const options = {
      ...(task[0] === undefined ? {} : { timeLimit: task[0] }),
      ...(task[1] === undefined ? {} : { softTimeLimit: task[1] }),
    };
    // a soft limit of 0 with a hard one of 0 is none; a task may not have a soft limit above its hard one
    const { runner, store, received } = new RunFixture(
      ({ signal }) => {
        signal.addEventListener('abort', () => ends.push(`soft after ${String(Date.now() / 1000)}`));
        return endless();
      },
      { options, settings },
    );
    jest.setSystemTime(0);
    void runner.execute(received({ timeLimits: inMs(message) }));
    for (let second = 0; second < 12 && ends.length === 0; second++) {
      await pass(1000);
      if (store.results.length > 0) ends.splice(0, 1, `hard after ${String(Date.now() / 1000)}`);
    }
    expect(ends[0] ?? 'none').toBe(expected);
    if (expected === 'none') expect(jest.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind when a task ends before its limits', async () => {
    const { runner, received } = new RunFixture(() => Promise.resolve('quick'), {
      options: { softTimeLimit: 1, timeLimit: 2 },
    });
    await runner.execute(received());
    expect(jest.getTimerCount()).toBe(0);
  });

  it('has no limit for a task that ends in the turn in which it starts', () => {
    const { runner, store, received } = new RunFixture(() => 5, { options: { timeLimit: 0.001 } });
    expect(runner.execute(received())).toBeUndefined();
    expect([store.results.length, jest.getTimerCount()]).toEqual([1, 0]);
  });
});

describe('time limits in a pool', () => {
  const fixtureWith = (pool: FakePool) =>
    new RunFixture(endless, { pool, options: { softTimeLimit: 1, timeLimit: 2 } });

  it('aborts at the soft limit, kills at the hard one, and frees the place when the kill is done', async () => {
    const pool = new FakePool();
    const { runner, store, received, active } = fixtureWith(pool);
    const running = runner.execute(received());
    const [run] = pool.runs;
    if (run === undefined) throw new Error('nothing runs');
    run.onKill = () => undefined; // it takes its time
    await pass(1000);
    expect([run.aborts, run.killCount]).toEqual([[expect.any(SoftTimeLimitExceeded)], 0]);
    await pass(1000);
    expect([run.aborts.length, run.killCount, active.size, store.results]).toEqual([1, 1, 1, []]);
    run.lose();
    await running;
    expect(active.size).toBe(0);
    expect(store.results).toMatchObject([{ status: 'FAILURE', result: hardAfter(2), traceback: null }]);
  });

  it.each<[string, (run: FakePool['runs'][number]) => void, object]>([
    ['a result', (run) => { run.finish('just in time'); }, { status: 'SUCCESS', result: 'just in time' }], // prettier-ignore
    ['what the pool lost', (run) => { run.lose(); }, { status: 'FAILURE', result: hardAfter(2) }], // prettier-ignore
  ])('tells %s that came before the kill', async (_what, end, expected) => {
    const pool = new FakePool();
    const { runner, store, received } = fixtureWith(pool);
    const running = runner.execute(received());
    const [run] = pool.runs;
    if (run === undefined) throw new Error('nothing runs');
    run.onKill = () => {
      end(run);
      run.lose(); // later than that
    };
    await pass(2000);
    await running;
    expect(store.results).toMatchObject([expected]);
  });

  it('fails a task that its pool rejects with the soft limit', async () => {
    const pool = new FakePool();
    const { runner, store, received } = fixtureWith(pool);
    const running = runner.execute(received());
    await pass(1000);
    pool.runs[0]?.fail(new SoftTimeLimitExceeded());
    await running;
    expect(store.results).toMatchObject([{ status: 'FAILURE', result: soft }]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
