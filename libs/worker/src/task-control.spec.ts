import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { TimeLimitExceeded } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FakePool } from './testing/fake-pool.ts';
import { optionedHolder } from './testing/received-task.ts';
import { WorkerFixture, type WorkerFixtureOptions } from './testing/worker-fixture.ts';

const revokedAs = (reason: string) => ({
  status: 'REVOKED',
  result: { exc_type: 'TaskRevokedError', exc_message: [reason], exc_module: 'celery.exceptions' },
});

describe('TaskControl', () => {
  let fixture: WorkerFixture;

  async function started(given: WorkerFixture): Promise<WorkerFixture> {
    fixture = given;
    return fixture.start();
  }

  /** A worker that runs one task at a time. */
  const oneAtATime = (options: WorkerFixtureOptions = {}) =>
    started(new WorkerFixture({ ...options, settings: { workerConcurrency: 1, ...options.settings } }));

  /** Lets all come to rest that needs no time. */
  async function rest(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) await nextTurn();
  }

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
  });

  afterEach(async () => {
    await fixture.worker.stop({ mode: 'cold' });
    jest.useRealTimers();
  });

  describe('revoke', () => {
    it('keeps a task from being started that has not arrived', async () => {
      const { worker } = await oneAtATime();
      worker.control.revoke('a');
      fixture.send('a', 'b');
      await fixture.begun(1);
      expect(fixture.runs.map(({ id }) => id)).toEqual(['b']);
      await until(() => fixture.settled.length === 1);
      expect([fixture.results, fixture.settled]).toMatchObject([
        [{ id: 'a', ...revokedAs('revoked') }],
        ['acked a'],
      ]);
      expect(worker.counts.revoked).toBe(1);
    });

    it('does so to several, one of which waits for a place', async () => {
      const { worker } = await oneAtATime();
      fixture.send('running', 'waiting');
      await fixture.begun(1);
      await rest();
      worker.control.revoke(['waiting', 'other']);
      fixture.send('other');
      await rest();
      expect(fixture.settled).toEqual(['acked other']); // when it arrives; the one that waits, when its turn comes
      fixture.run('running').finish();
      await until(() => fixture.settled.length === 3);
      expect(fixture.runs.map(({ id }) => id)).toEqual(['running']);
    });

    it('answers for one that waits for its eta when that has come, as Celery does', async () => {
      const { worker } = await oneAtATime();
      fixture.sendCall({ id: 'later', eta: new Date(Date.now() + 5000) });
      await rest();
      worker.control.revoke('later');
      await rest();
      expect(fixture.results).toEqual([]);
      jest.advanceTimersByTime(5000);
      await until(() => fixture.settled.length === 1);
      expect([fixture.results, fixture.runs]).toMatchObject([[revokedAs('revoked')], []]);
    });

    it('lets a task that runs go on without terminate', async () => {
      const { worker } = await oneAtATime();
      fixture.send('a');
      await fixture.begun(1);
      worker.control.revoke('a');
      await rest();
      expect(fixture.run('a').context.signal.aborted).toBe(false);
      fixture.run('a').finish('done');
      await until(() => fixture.settled.length === 1);
      expect(fixture.results).toMatchObject([{ status: 'SUCCESS' }]);
    });

    it('tells a task that runs to stop with terminate, answers for it, and gives its place away', async () => {
      const { worker } = await oneAtATime();
      fixture.send('a', 'b');
      await fixture.begun(1);
      worker.control.revoke('a', { terminate: true });
      await fixture.begun(2);
      expect(fixture.run('a').context.signal.aborted).toBe(true);
      await until(() => fixture.settled.length === 1);
      expect([fixture.results, fixture.settled]).toMatchObject([[revokedAs('terminated')], ['acked a']]);
      fixture.run('a').finish('too late');
      await rest();
      expect(fixture.results).toHaveLength(1);
    });

    it('kills what runs a task in a pool with terminate', async () => {
      const pool = new FakePool();
      const { worker } = await oneAtATime({ pool });
      fixture.send('a');
      await until(() => pool.runs.length === 1);
      worker.control.revoke('a', { terminate: true });
      expect(pool.runs[0]?.killCount).toBe(1);
      await until(() => fixture.settled.length === 1);
      expect(fixture.results).toMatchObject([revokedAs('terminated')]);
    });

    it('does nothing more to one that it has terminated', async () => {
      const pool = new FakePool();
      const { worker } = await oneAtATime({ pool });
      fixture.send('a');
      await until(() => pool.runs.length === 1);
      const [run] = pool.runs;
      if (run !== undefined) run.onKill = () => undefined;
      worker.control.revoke('a', { terminate: true });
      worker.control.revoke('a', { terminate: true });
      expect(run?.killCount).toBe(1);
    });
  });

  describe('revokeByStampedHeaders', () => {
    const stamped = (id: string, tenant: unknown) => ({ id, stampedHeaders: ['tenant'], stamps: { tenant } });

    it('keeps those with such a stamp from being started', async () => {
      const { worker } = await started(new WorkerFixture());
      worker.control.revokeByStampedHeaders({ tenant: ['acme', 'other'] });
      fixture.sendCall(stamped('a', 'acme'));
      fixture.sendCall(stamped('b', ['x', 'other']));
      fixture.sendCall(stamped('c', 'free'));
      fixture.send('d');
      await until(() => fixture.settled.length === 2);
      await fixture.begun(2);
      expect(fixture.runs.map(({ id }) => id)).toEqual(['c', 'd']);
      expect(fixture.results).toMatchObject([revokedAs('revoked'), revokedAs('revoked')]);
    });

    it('ends those that run with terminate', async () => {
      const { worker } = await started(new WorkerFixture());
      fixture.sendCall(stamped('a', 'acme'));
      fixture.sendCall(stamped('b', 'free'));
      await fixture.begun(2);
      worker.control.revokeByStampedHeaders({ tenant: 'acme' }, { terminate: true });
      await until(() => fixture.settled.length === 1);
      expect(fixture.settled).toEqual(['acked a']);
      expect(['a', 'b'].map((id) => fixture.run(id).context.signal.aborted)).toEqual([true, false]);
    });
  });

  describe('rateLimit', () => {
    it('holds a task back from now on, and lets all go when there is no limit any more', async () => {
      const { worker } = await started(new WorkerFixture());
      worker.control.rateLimit('work', '1/m');
      fixture.send('a', 'b', 'c');
      await rest();
      expect(fixture.runs).toHaveLength(1);
      worker.control.rateLimit('work', null);
      await fixture.begun(3);
    });

    it('counts a new limit from the last start', async () => {
      const { worker } = await started(new WorkerFixture());
      worker.control.rateLimit('work', '1/m');
      fixture.send('a', 'b');
      await rest();
      worker.control.rateLimit('work', 1);
      jest.advanceTimersByTime(1000);
      await fixture.begun(2);
    });
  });

  describe('timeLimit', () => {
    it('ends runs that start from now on, and no others', async () => {
      const { worker } = await started(new WorkerFixture());
      fixture.send('before');
      await fixture.begun(1);
      worker.control.timeLimit('work', { hard: 2 });
      fixture.send('after');
      await fixture.begun(2);
      jest.advanceTimersByTime(2000);
      await until(() => fixture.settled.length === 1);
      expect([fixture.settled, fixture.results]).toMatchObject([
        ['acked after'],
        [{ result: { exc_type: 'TimeLimitExceeded' } }],
      ]);
      expect(fixture.run('after').context.signal.reason).toBeInstanceOf(TimeLimitExceeded);
    });

    it('takes away what is not given', async () => {
      const holder = optionedHolder({ timeLimit: 1, softTimeLimit: 0.5 }, () => new Promise(() => undefined));
      const { worker } = await started(new WorkerFixture({}, holder));
      worker.control.timeLimit('work', {});
      fixture.send('a');
      await until(() => !worker.isIdle);
      jest.advanceTimersByTime(10_000);
      await rest();
      expect(fixture.results).toEqual([]);
    });
  });

  describe('poolGrow and poolShrink', () => {
    it('start more of those that wait, and fewer of those to come', async () => {
      const { worker } = await started(
        new WorkerFixture({ settings: { workerConcurrency: 1, workerPrefetchMultiplier: 8 } }),
      );
      fixture.send('a', 'b', 'c', 'd');
      await rest();
      expect(fixture.runs).toHaveLength(1);
      worker.control.poolGrow();
      expect(fixture.runs).toHaveLength(2);
      worker.control.poolShrink();
      fixture.run('a').finish();
      await rest();
      expect(fixture.runs).toHaveLength(2);
      fixture.run('b').finish();
      await fixture.begun(3);
      worker.control.poolGrow(5);
      await fixture.begun(4);
    });

    it('leave at least one, and tell threads and processes first', async () => {
      const pool = new FakePool();
      const { worker } = await started(new WorkerFixture({ pool, settings: { workerConcurrency: 2 } }));
      worker.control.poolGrow(3);
      worker.control.poolShrink(100);
      worker.control.poolShrink();
      expect(pool.sizes).toEqual([5, 1, 1]);
    });
  });

  it.each<[string, (control: WorkerFixture['worker']['control']) => void, string]>([
    ['a rate limit of an unknown task', (control) => { control.rateLimit('nope', 1); }, "task 'nope' is not registered here; known: work"], // prettier-ignore
    ['a time limit of an unknown task', (control) => { control.timeLimit('nope', {}); }, "'nope'"], // prettier-ignore
    ['a rate limit that is none', (control) => { control.rateLimit('work', '5/q'); }, '5/q'], // prettier-ignore
    ['a time limit that is none', (control) => { control.timeLimit('work', { soft: -1 }); }, "the soft time limit of task 'work'"], // prettier-ignore
    ['half a place', (control) => { control.poolGrow(0.5); }, '0.5'], // prettier-ignore
  ])('refuses %s', async (_what, order, message) => {
    const { worker } = await started(new WorkerFixture());
    expect(() => { order(worker.control); }).toThrow(ImproperlyConfiguredError); // prettier-ignore
    expect(() => { order(worker.control); }).toThrow(message); // prettier-ignore
  });
});
