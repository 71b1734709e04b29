import { IllegalStateError, ImproperlyConfiguredError } from '@celeriac/primitives';
import { until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { holderOf } from './testing/received-task.ts';
import { noTaskCounts } from './settle/task-counts.ts';
import { WorkerFixture } from './testing/worker-fixture.ts';
import { Worker } from './worker.ts';

describe('Worker', () => {
  let fixture: WorkerFixture;

  beforeEach(() => {
    fixture = new WorkerFixture();
  });

  afterEach(() => fixture.worker.stop({ mode: 'cold' }));

  it('is ready once it consumes, runs tasks, stores their results and acknowledges after that', async () => {
    const { worker, transport } = fixture;
    expect([worker.state, worker.isReady]).toEqual(['initializing', false]);
    const starting = worker.start();
    expect([worker.state, worker.isReady]).toEqual(['running', false]);
    await starting;
    expect(worker.isReady).toBe(true);
    expect(fixture.logger.fieldsOf('worker ready')).toEqual([
      { nodeName: 'w1@host', queues: ['shop'], tasks: ['work'] },
    ]);

    fixture.send('a', 'b');
    await fixture.begun(2);
    fixture.run('b').finish('second');
    fixture.run('a').fail(new TypeError('no'));
    await until(() => fixture.settled.length === 2);
    expect(fixture.results).toMatchObject([
      { id: 'b', status: 'SUCCESS', result: 'second' },
      { id: 'a', status: 'FAILURE', result: { exc_type: 'TypeError' } },
    ]);
    expect(worker.counts).toEqual({ ...noTaskCounts(), received: 2, succeeded: 1, failed: 1 });
    const { entries } = transport.journal;
    const indexOf = (event: string, id: string) =>
      entries.findIndex(
        (entry) =>
          entry.event === event &&
          'message' in entry &&
          (entry.message.headers['id'] ?? entry.message.properties.correlationId) === id,
      );
    for (const id of ['a', 'b']) expect(indexOf('acked', id)).toBeGreaterThan(indexOf('confirmed', id));
  });

  it('does not acknowledge before the broker has confirmed the result', async () => {
    await fixture.start();
    fixture.transport.holdConfirms();
    fixture.send('a');
    await fixture.begun(1);
    fixture.run('a').finish();
    await until(() => fixture.results.length === 1);
    await nextTurn();
    expect(fixture.settled).toEqual([]);
    fixture.transport.releaseConfirms();
    await until(() => fixture.settled.length === 1);
  });

  it('acknowledges before the run where that is the setting', async () => {
    const early = new WorkerFixture({ settings: { taskAcksLate: false } });
    await early.start();
    early.send('a');
    await early.begun(1);
    expect([early.settled, early.results]).toEqual([['acked a'], []]);
    early.run('a').finish();
    await early.worker.stop();
    expect([early.settled, early.results.length]).toEqual([['acked a'], 1]);
  });

  it('runs no more than the concurrency at a time, and takes no more than the prefetch count', async () => {
    const bounded = new WorkerFixture({ settings: { workerConcurrency: 2, workerPrefetchMultiplier: 2 } });
    await bounded.start();
    bounded.send('a', 'b', 'c', 'd', 'e');
    await until(() => bounded.waiting.length === 1);
    expect([bounded.runs.map(({ id }) => id), bounded.waiting]).toEqual([['a', 'b'], ['e']]);
    bounded.run('a').finish();
    await bounded.begun(3);
    expect(bounded.runs.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    await until(() => bounded.waiting.length === 0);
    for (const id of ['b', 'c']) bounded.run(id).finish();
    await bounded.begun(5);
    for (const id of ['d', 'e']) bounded.run(id).finish();
    await bounded.worker.stop();
    expect(bounded.worker.counts.succeeded).toBe(5);
  });

  it('serves several holders, each on its queue', async () => {
    const { transport } = fixture;
    const second = holderOf(() => 'b', 'other');
    const both = new Worker({
      transport,
      store: { open: () => undefined, assertWritable: () => undefined, store: (_target, _result, onStored) => { onStored(); }, close: () => Promise.resolve() }, // prettier-ignore
      holders: [holderOf(() => 'a'), { ...second, holder: { ...second.holder, queue: 'second' } }],
      nodeName: 'w2@host',
    });
    await both.start();
    expect(transport.broker.queueNames).toEqual(expect.arrayContaining(['shop', 'second']));
    await both.stop();
  });

  it('refuses two holders with a task of one name, and wrong settings, before anything is opened', () => {
    const { transport } = fixture;
    const options = {
      transport,
      store: { open: fail, assertWritable: fail, store: fail, close: fail },
      nodeName: 'w2@host',
    };
    const holder = holderOf(() => 'a');
    expect(() => new Worker({ ...options, holders: [holder, holder] })).toThrow(ImproperlyConfiguredError);
    const settings = { workerConcurrency: 0 };
    expect(() => new Worker({ ...options, holders: [holder], settings })).toThrow(ImproperlyConfiguredError);
  });

  it('can be started once', async () => {
    await fixture.start();
    await expect(fixture.worker.start()).rejects.toThrow(IllegalStateError);
    await fixture.worker.stop();
    await expect(fixture.worker.start()).rejects.toThrow('worker w1@host is stopped');
  });

  it('goes on after messages that it refuses', async () => {
    await fixture.start();
    fixture.transport.put('shop', { body: Buffer.from('{not json'), headers: { id: 'bad' } });
    fixture.transport.put('shop', {
      body: Buffer.alloc(0),
      headers: { id: 'damaged' },
      damage: new Error('bits'),
    });
    fixture.send('good');
    await fixture.begun(1);
    expect(fixture.settled).toEqual(['rejected bad', 'rejected damaged']);
    expect(fixture.transport.deadLettered).toHaveLength(2);
    fixture.run('good').finish();
    await until(() => fixture.settled.includes('acked good'));
  });

  it('tells every task that runs of a cold end', async () => {
    await fixture.start();
    const ids = Array.from({ length: 30 }, (_, index) => `listener ${String(index)}`);
    fixture.send(...ids);
    await fixture.begun(ids.length);
    let stops = 0;
    for (const { context } of fixture.runs) context.signal.addEventListener('abort', () => stops++);
    await fixture.worker.stop({ mode: 'cold' });
    expect(stops).toBe(ids.length);
  });
});

function fail(): never {
  throw new Error('nothing may be opened');
}
