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

  it('runs a task again that was running, settles it once and sends at most two results under its id', async () => {
    fixture.send('a');
    await fixture.begun(1);
    const first = fixture.run('a');
    fixture.transport.loseConnection();
    await until(() => fixture.transport.journal.of('delivered').length === 2);
    expect(fixture.runs).toHaveLength(1); // its place is still taken

    first.finish('first');
    await fixture.begun(2);
    const second = fixture.run('a');
    expect(second.context.request.deliveryInfo.redelivered).toBe(true);
    await until(() => fixture.results.length === 1);
    expect(fixture.settled).toEqual([]); // the first run belongs to a channel that is gone
    second.finish('second');
    await until(() => fixture.settled.length === 1);
    expect(fixture.settled).toEqual(['acked a']);
    expect(fixture.results).toMatchObject([
      { id: 'a', result: 'first' },
      { id: 'a', result: 'second' },
    ]);
  });

  it('runs a task once that was waiting for its turn', async () => {
    fixture.send('running', 'waiting');
    await until(() => fixture.transport.journal.of('delivered').length === 2);
    fixture.transport.loseConnection();
    await until(() => fixture.transport.journal.of('delivered').length === 4);
    fixture.run('running').finish();
    await fixture.begun(2);
    expect(fixture.runs.map(({ id }) => id)).toEqual(['running', 'running']);
    fixture.run('running').finish();
    await fixture.begun(3);
    fixture.run('waiting').finish();
    await until(() => fixture.settled.length === 2);
    expect(fixture.runs.map(({ id }) => id)).toEqual(['running', 'running', 'waiting']);
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
