import { until } from '@celeriac/testing';
import { WorkerFixture } from './testing/worker-fixture.ts';

describe('Worker, when the connection is lost', () => {
  let fixture: WorkerFixture;

  beforeEach(async () => {
    fixture = await new WorkerFixture({ settings: { workerConcurrency: 1 } }).start();
  });

  afterEach(() => fixture.worker.stop({ mode: 'cold' }));

  it('is not ready meanwhile, and consumes again afterwards', async () => {
    const { worker, transport } = fixture;
    transport.disconnect();
    expect(worker.isReady).toBe(false);
    transport.reconnect();
    await until(() => worker.isReady);
    fixture.send('a');
    await fixture.begun(1);
    fixture.run('a').finish();
    await until(() => fixture.settled.length === 1);
  });

  it('does not run a task again that is running: it settles the message that came again', async () => {
    fixture.send('a', 'b');
    await fixture.begun(1);
    fixture.transport.loseConnection();
    await until(() => fixture.transport.journal.of('delivered').length === 4);
    fixture.run('a').finish('done');
    await fixture.begun(2);
    fixture.run('b').finish('done too');
    await until(() => fixture.settled.length === 2);
    expect(fixture.runs.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(fixture.settled).toEqual(['acked a', 'acked b']);
    expect(fixture.results).toMatchObject([{ id: 'a' }, { id: 'b' }]);
  });

  it('runs a message again that is there twice: only what came again belongs to the run', async () => {
    await fixture.worker.stop({ mode: 'cold' });
    fixture = await new WorkerFixture({ settings: { workerConcurrency: 2 } }).start();
    fixture.send('a', 'a');
    await fixture.begun(2);
    for (const run of fixture.runs) run.finish('done');
    await until(() => fixture.settled.length === 2);
    expect(fixture.settled).toEqual(['acked a', 'acked a']);
  });

  it('gives up what runs when the settings say so, and runs it anew', async () => {
    await fixture.worker.stop({ mode: 'cold' });
    const settings = { workerConcurrency: 1, workerCancelLongRunningTasksOnConnectionLoss: true };
    fixture = await new WorkerFixture({ settings }).start();
    fixture.send('a');
    await fixture.begun(1);
    const first = fixture.run('a');
    fixture.transport.loseConnection();
    await fixture.begun(2);
    expect(first.context.signal.aborted).toBe(true);
    first.finish('nobody listens');
    fixture.run('a').finish('second');
    await until(() => fixture.settled.length === 1);
    expect(fixture.results).toMatchObject([{ id: 'a', result: 'second' }]);
  });

  it('gives up nothing that was acknowledged early, as it does not come again', async () => {
    await fixture.worker.stop({ mode: 'cold' });
    const settings = { taskAcksLate: false, workerCancelLongRunningTasksOnConnectionLoss: true };
    fixture = await new WorkerFixture({ settings }).start();
    fixture.send('a');
    await until(() => fixture.settled.length === 1);
    fixture.transport.loseConnection();
    await until(() => fixture.worker.isReady);
    fixture.run('a').finish('done');
    await until(() => fixture.results.length === 1);
    expect(fixture.results).toMatchObject([{ id: 'a', status: 'SUCCESS', result: 'done' }]);
  });

  it('runs a task once that was held for its eta', async () => {
    const eta = new Date(Date.now() + 30);
    fixture.sendCall({ id: 'held', eta });
    await until(() => fixture.transport.journal.of('delivered').length === 1);
    fixture.transport.loseConnection();
    await fixture.begun(1);
    expect(Date.now()).toBeGreaterThanOrEqual(eta.getTime());
    fixture.run('held').finish();
    await until(() => fixture.settled.length === 1);
    expect([fixture.runs.length, fixture.settled]).toEqual([1, ['acked held']]);
  });

  it('sends a result again whose confirm was lost, and acknowledges the second delivery', async () => {
    fixture.transport.holdConfirms();
    fixture.send('a');
    await fixture.begun(1);
    fixture.run('a').finish('done');
    await until(() => fixture.results.length === 1);
    fixture.transport.disconnect();
    fixture.transport.releaseConfirms();
    fixture.transport.reconnect();
    await fixture.begun(2);
    fixture.run('a').finish('done');
    await until(() => fixture.settled.length === 1);
    expect(new Set(fixture.results.map((result) => JSON.stringify(result))).size).toBe(1);
  });

  it('takes results along that became ready while the broker was away', async () => {
    fixture.send('a');
    await fixture.begun(1);
    fixture.transport.disconnect();
    fixture.run('a').finish('in the meantime');
    fixture.transport.reconnect();
    await until(() => fixture.results.length === 1);
    expect(fixture.results).toMatchObject([{ id: 'a', result: 'in the meantime' }]);
    await fixture.begun(2); // unsettled, so the broker gives it out again: at least once
  });

  it('consumes again when its queue was deleted', async () => {
    const { worker, transport } = fixture;
    transport.broker.deleteQueue('shop');
    await until(() => worker.isReady && transport.broker.queueNames.includes('shop'));
    fixture.send('a');
    await fixture.begun(1);
    fixture.run('a').finish();
    await until(() => fixture.settled.length === 1);
  });
});
