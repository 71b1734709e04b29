import { setImmediate as nextTurn } from 'node:timers/promises';
import { until } from '@celeriac/testing';
import { Ignore, Reject } from '@celeriac/task-registry';
import { deliveryOfCall, holderOf } from '../testing/received-task.ts';
import { FakePool } from '../testing/fake-pool.ts';
import { WorkerFixture } from '../testing/worker-fixture.ts';
import { StartLedger } from './start-ledger.ts';

/** The queue of the records of a call of `work`. */
function ledgerOf(id: string): string {
  return StartLedger.nameOf({ delivery: deliveryOfCall({ id }), opened: { id } as never });
}

/** Puts records at the broker, as workers leave them that die. */
async function die(fixture: WorkerFixture, id: string, times: number): Promise<void> {
  const name = ledgerOf(id);
  const queue = { name, durable: true, exclusive: false, autoDelete: false };
  await fixture.transport.countMessages({
    ...queue,
    arguments: { 'x-queue-type': 'classic', 'x-expires': 86_400_000 },
  });
  for (let time = 0; time < times; time++) fixture.transport.put(name, { body: Buffer.alloc(0) });
}

/** A call whose message comes again: the first worker was gone before it ran. */
async function sendAgain(fixture: WorkerFixture, ...ids: string[]): Promise<void> {
  const first = fixture.transport.consume({
    queues: ['shop'],
    topology: { exchanges: [], queues: [], bindings: [] },
    prefetchCount: 100,
    onDelivery: () => undefined,
  });
  await first.whenConsuming();
  fixture.send(...ids);
  await until(() => fixture.waiting.length === 0);
  await first.close();
}

describe('a worker that gets a message again', () => {
  let fixture: WorkerFixture;

  afterEach(() => fixture.worker.stop({ mode: 'cold' }));

  function records(id: string): number {
    return fixture.transport.messagesIn(ledgerOf(id)).length;
  }

  function ledgers(): string[] {
    return fixture.transport.broker.queueNames.filter((name) => name.startsWith('celeriac.started.'));
  }

  it('asks nothing of the broker for one that comes for the first time', async () => {
    fixture = await new WorkerFixture().start();
    fixture.send('a');
    await fixture.begun(1);
    expect(ledgers()).toEqual([]);
  });

  it('records its start before it runs, and deletes the record when it has ended', async () => {
    fixture = new WorkerFixture();
    await sendAgain(fixture, 'a');
    fixture.transport.holdConfirms();
    await fixture.start();
    await until(() => records('a') === 1);
    await nextTurn();
    expect(fixture.runs).toEqual([]); // the record is not safe yet
    fixture.transport.releaseConfirms();
    await fixture.begun(1);
    fixture.run('a').finish(1);
    await until(() => ledgers().length === 0);
    await until(() => fixture.results.length === 1);
    expect(fixture.results).toMatchObject([{ status: 'SUCCESS' }]);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('no'))],
    ['rejects its message', () => Promise.reject(new Reject('no'))],
    ['is ignored', () => Promise.reject(new Ignore())],
  ])('deletes the record of a run that %s', async (_how, run) => {
    fixture = new WorkerFixture({}, holderOf(run));
    await sendAgain(fixture, 'a');
    await die(fixture, 'a', 2);
    await fixture.start();
    await until(() => fixture.settled.length === 1 && ledgers().length === 0);
    expect(ledgers()).toEqual([]);
  });

  it('counts neither its closed connections nor its own cold shutdown', async () => {
    fixture = new WorkerFixture();
    await sendAgain(fixture, 'a');
    await die(fixture, 'a', 1);
    await fixture.start();
    await fixture.begun(1);
    expect(records('a')).toBe(2);
    for (let cut = 0; cut < 5; cut++) {
      fixture.transport.loseConnection();
      await until(() => records('a') === 1);
    }
    expect(fixture.runs).toHaveLength(1); // its message comes again, and is taken over

    await fixture.worker.stop({ mode: 'cold' });
    expect(records('a')).toBe(1);
  });

  it('withdraws the record of a run that it gives up when it stops cold', async () => {
    fixture = new WorkerFixture();
    await sendAgain(fixture, 'a');
    await die(fixture, 'a', 1);
    await fixture.start();
    await fixture.begun(1);
    await fixture.worker.stop({ mode: 'cold' });
    expect(records('a')).toBe(1);
    expect(fixture.waiting).toEqual(['a']);
  });

  it('leaves the record of a run whose process died, and runs the task again alone', async () => {
    const pool = new FakePool();
    fixture = new WorkerFixture({ pool });
    await sendAgain(fixture, 'a');
    await fixture.start();
    await until(() => pool.runs.length === 1);
    pool.runs[0]?.kill();
    await until(() => pool.runs.length === 2);
    expect(records('a')).toBe(2);
    expect(fixture.logger.fieldsOf('task was running when a worker died: it runs alone')).toMatchObject([
      { taskId: 'a', queue: 'shop', starts: 1, limit: 3 },
    ]);
  });

  it('runs one that was running when a worker died when nothing else runs', async () => {
    fixture = new WorkerFixture();
    await sendAgain(fixture, 'suspect');
    await die(fixture, 'suspect', 1);
    fixture.send('before');
    await fixture.start();
    await fixture.begun(1);
    await until(
      () => fixture.logger.fieldsOf('task was running when a worker died: it runs alone').length === 1,
    );
    fixture.send('after');
    await until(() => fixture.worker.counts.received === 3);
    expect(fixture.runs.map(({ id }) => id)).toEqual(['before']);
    fixture.run('before').finish();
    await fixture.begun(2);
    expect(fixture.runs.map(({ id }) => id)).toEqual(['before', 'suspect']);
    fixture.run('suspect').finish();
    await fixture.begun(3);
    expect(fixture.runs.map(({ id }) => id)).toEqual(['before', 'suspect', 'after']);
  });

  it('starts the next one that runs alone when the records of the one before are gone', async () => {
    fixture = new WorkerFixture();
    await sendAgain(fixture, 'good', 'poison');
    await die(fixture, 'good', 1);
    await die(fixture, 'poison', 1);
    let remove: () => void = () => undefined;
    const deleting = jest
      .spyOn(fixture.transport, 'deleteQueue')
      .mockReturnValueOnce(new Promise<void>((resolve) => (remove = resolve)));
    await fixture.start();
    await fixture.begun(1);
    fixture.run('good').finish();
    await until(() => fixture.results.length === 1 && deleting.mock.calls.length === 1);
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect(fixture.runs.map(({ id }) => id)).toEqual(['good']);
    remove();
    await fixture.begun(2);
  });

  it('gives one up at the limit, after a while: the caller is told, the message is rejected', async () => {
    fixture = new WorkerFixture({ settings: { redeliveryLimit: 2 } });
    await sendAgain(fixture, 'poison', 'good');
    await die(fixture, 'poison', 2);
    await fixture.start();
    await fixture.begun(1);
    expect(fixture.runs.map(({ id }) => id)).toEqual(['good']);
    await until(() => fixture.transport.deadLettered.length === 1, { timeoutMs: 30_000 });
    await until(() => fixture.results.length === 1);
    expect(fixture.results).toEqual([
      {
        id: 'poison',
        status: 'FAILURE',
        result: {
          exc_type: 'WorkerLostError',
          exc_message: [
            'Worker exited prematurely: the task was started again 2 times, and each time its worker died; the limit is 2.',
          ],
          exc_module: 'billiard.exceptions',
        },
      },
    ]);
    fixture.run('good').finish();
    await until(() => ledgers().length === 0);
  }, 60_000);

  it('gives nothing up when the worker that was thought dead withdraws its record', async () => {
    fixture = new WorkerFixture({ settings: { redeliveryLimit: 1 } });
    await sendAgain(fixture, 'slow');
    await die(fixture, 'slow', 1);
    await fixture.start();
    await until(() => fixture.worker.counts.received === 1);
    await fixture.transport.takeMessage(ledgerOf('slow'));
    await until(() => fixture.runs.length === 1, { timeoutMs: 30_000 });
    expect(fixture.transport.deadLettered).toEqual([]);
  }, 60_000);

  it('heeds no header of a caller', async () => {
    fixture = new WorkerFixture();
    const headers = {
      'x-delivery-count': 1000,
      'x-celeriac-delivery-count': 9,
      'x-celeriac-reject-reason': 'no',
    };
    await fixture.start();
    fixture.sendCall({ id: 'a', headers });
    await fixture.begun(1);
    fixture.run('a').finish(1);
    await until(() => fixture.results.length === 1);
    expect(fixture.results).toMatchObject([{ status: 'SUCCESS' }]);
  });

  it('replaces one by a copy that the broker may soon drop, without the count of its deliveries', async () => {
    fixture = new WorkerFixture();
    fixture.sendCall({ id: 'a', headers: { 'x-delivery-count': 5, other: 1 } });
    const consumer = fixture.transport.consume({
      queues: ['shop'],
      topology: { exchanges: [], queues: [], bindings: [] },
      prefetchCount: 1,
      onDelivery: () => undefined,
    });
    await until(() => fixture.waiting.length === 0);
    await consumer.close();
    await fixture.start();
    await fixture.begun(1);
    const [copy] = fixture.transport.published;
    expect(copy).toMatchObject({ routingKey: 'shop', headers: { id: 'a', other: 1 } });
    expect(copy?.headers).not.toHaveProperty('x-delivery-count');
    expect(fixture.settled).toEqual(['acked a']);
    expect(ledgers()).toEqual([]);
  });

  it('runs one without a record, and says so once, when the broker refuses the queue of records', async () => {
    fixture = new WorkerFixture();
    await sendAgain(fixture, 'a', 'b');
    for (const id of ['a', 'b'])
      await fixture.transport.countMessages({
        name: ledgerOf(id),
        durable: true,
        exclusive: false,
        autoDelete: true,
      });
    await fixture.start();
    await fixture.begun(2);
    expect(
      fixture.logger.fieldsOf(
        'starts of tasks cannot be recorded at the broker: a task that kills its worker may not be found',
      ),
    ).toHaveLength(1);
  });

  it('asks nothing of the broker without a limit', async () => {
    fixture = new WorkerFixture({ settings: { redeliveryLimit: 0 } });
    await sendAgain(fixture, 'a');
    await fixture.start();
    await fixture.begun(1);
    expect(ledgers()).toEqual([]);
  });
});
