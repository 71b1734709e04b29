import { PythonError } from '@celeriac/protocol';
import { Ignore, Reject } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import { holderOf, optionedHolder } from '../testing/received-task.ts';
import { WorkerFixture } from '../testing/worker-fixture.ts';

const hour = 3_600_000;

describe('the counts of a worker', () => {
  it('have every good message in one of them, and the line at the end what went back', async () => {
    const holder = holderOf((context) => {
      switch (context.request.id.split(' ')[0]) {
        case 'fail': throw new PythonError('ValueError', ['bad']); // prettier-ignore
        case 'ignore': throw new Ignore(); // prettier-ignore
        case 'reject': throw new Reject('no'); // prettier-ignore
        case 'retry': return context.retry({ countdown: 3600 }); // prettier-ignore
        case 'endless': return new Promise(() => undefined); // prettier-ignore
        default: return 'done'; // prettier-ignore
      }
    });
    const settings = { workerConcurrency: 2, workerPrefetchMultiplier: 6, workerEtaTaskLimit: 2 };
    const fixture = await new WorkerFixture({ settings }, holder).start();
    fixture.send('succeed 1', 'succeed 2', 'fail', 'ignore', 'reject', 'retry');
    fixture.sendCall({ id: 'expired', expires: new Date(Date.now() - 1000) });
    fixture.sendCall({ id: 'unknown', name: 'no.such.task' });
    await until(() => fixture.settled.length === 8);
    // the retry is too far off to be held; of these two are, and one is given to the broker as well
    for (const id of ['later 1', 'later 2', 'later 3'])
      fixture.sendCall({ id, eta: new Date(Date.now() + hour / 4) });
    await until(() => fixture.worker.counts.delayed === 2);
    fixture.send('endless 1', 'endless 2', 'waits');
    await until(() => fixture.transport.journal.of('delivered').length === 15);
    await fixture.worker.stop({ mode: 'cold' });

    const [line] = fixture.logger.fieldsOf('worker stopped');
    const { received, refused, returned, nodeName, ...ends } = line as Record<string, number>;
    expect({ nodeName, refused, returned }).toEqual({ nodeName: 'w1@host', refused: 1, returned: 5 });
    expect(ends).toEqual({
      succeeded: 2,
      failed: 1,
      retried: 1,
      ignored: 1,
      rejected: 1,
      revoked: 1,
      delayed: 2,
    });
    const sum = Object.values(ends).reduce((left, right) => left + right, 0);
    expect(received).toBe(sum + (returned ?? NaN));
  });
});

describe('what a worker says of a failure', () => {
  class NoStock extends Error {}

  it.each<[string, Error, 'info' | 'warn', string]>([
    ['that its task expects', new NoStock('sold out'), 'info', 'task failed as expected'],
    ['that it does not', new Error('sold out'), 'warn', 'task failed'],
  ])('%s', async (_what, error, level, message) => {
    const holder = optionedHolder({ throws: [NoStock] }, () => {
      throw error;
    });
    const fixture = await new WorkerFixture({}, holder).start();
    fixture.send('a');
    await until(() => fixture.settled.length === 1);
    await fixture.worker.stop();
    // only the level is another: it has failed
    expect(fixture.results).toMatchObject([{ status: 'FAILURE' }]);
    const lines = fixture.logger.lines.filter((line) => line.message.startsWith('task failed'));
    expect(lines).toMatchObject([{ level, message, fields: { taskId: 'a', task: 'work', err: error } }]);
  });
});

describe('worker_cancel_long_running_tasks_on_connection_loss', () => {
  it.each([true, false])('%s: a run whose delivery is lost', async (isCancelled) => {
    const settings = { workerCancelLongRunningTasksOnConnectionLoss: isCancelled };
    const fixture = await new WorkerFixture({ settings }).start();
    fixture.send('a');
    await fixture.begun(1);
    fixture.transport.loseConnection();
    await until(() => fixture.transport.journal.of('delivered').length === 2);
    if (isCancelled) await fixture.begun(2); // told to stop, and begun anew
    expect(fixture.runs.map(({ context }) => context.signal.aborted)).toEqual(
      isCancelled ? [true, false] : [false],
    );
    fixture.run('a').finish('done');
    await until(() => fixture.settled.length === 1);
    expect([fixture.results.length, fixture.settled]).toEqual([1, ['acked a']]);
    await fixture.worker.stop();
  });
});

describe('a time limit beyond the consumer_timeout', () => {
  it.each<[string, object, object, number]>([
    ['of a task that is acknowledged late', { timeLimit: 60 }, {}, 1],
    ['of one that is acknowledged early', { timeLimit: 60, acksLate: false }, {}, 0],
    ['that is shorter', { timeLimit: 59 }, {}, 0],
    ['of the worker', {}, { taskTimeLimitMs: 90_000 }, 1],
    ['that is none', {}, {}, 0],
  ])('%s is warned of at the start', async (_what, options, settings, count) => {
    const holder = optionedHolder(options, () => undefined);
    const fixture = await new WorkerFixture(
      { settings: { consumerTimeoutMs: 60_000, ...settings } },
      holder,
    ).start();
    await fixture.worker.stop();
    const warnings = fixture.logger.lines.filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(count);
    for (const { message, fields } of warnings) {
      expect(message).toContain('consumer_timeout');
      expect(fields).toMatchObject({ task: 'work', consumerTimeoutMs: 60_000 });
    }
  });
});
