import { OperationalError } from '@celeriac/amqp-transport';
import { until } from '@celeriac/testing';
import { WorkerFixture } from './testing/worker-fixture.ts';

const prefetchCount = 4;
const etaTaskLimit = prefetchCount / 2;
const settings = { workerConcurrency: 1, workerPrefetchMultiplier: prefetchCount };

describe('a worker whose prefetch count is taken by tasks that the broker does not delay', () => {
  it('is not ready, until it has handed over what is above its limit', async () => {
    const fixture = await new WorkerFixture({ settings }).start();
    const { transport, worker } = fixture;
    expect(worker.isReady).toBe(true);
    transport.refusePublishes(({ exchange }) =>
      exchange.startsWith('celery_delayed')
        ? new OperationalError('ERR_PUBLISH_REFUSED', 'no room')
        : undefined,
    );
    const eta = new Date(Date.now() + 600_000);
    for (let count = 0; count < 2 * prefetchCount; count++)
      fixture.sendCall({ id: `far ${String(count)}`, eta });
    fixture.send('plain');
    await until(() => !worker.isReady);
    expect([worker.counts.received, fixture.runs]).toEqual([prefetchCount, []]);

    transport.refusePublishes(undefined);
    await until(() => worker.isReady, { timeoutMs: 15_000 });
    await fixture.begun(1); // the plain task, which was behind the others
    fixture.run('plain').finish();
    await until(() => worker.counts.delayed === 2 * prefetchCount - etaTaskLimit);
    expect(worker.isReady).toBe(true);
    await worker.stop();
  }, 30_000);
});
