import { encodeTaskMessage } from '@celeriac/protocol';
import { randomUUID } from 'node:crypto';
import { FaultLane } from '../testing/fault-lane.ts';
import { patiently } from '../testing/patiently.ts';

jest.setTimeout(180_000);

const hourMs = 3_600_000;
const prefetchCount = 16; // 4 × 4
const etaTaskLimit = prefetchCount / 2;
const farCount = 5 * prefetchCount;
/** What the worker declares on its way to the broker's own delays. */
const delayExchange = 'celery_delayed_27';

describe('far etas that come while the publishing connection is away', () => {
  let lane: FaultLane;

  beforeEach(async () => {
    lane = await FaultLane.open({ worker: { workerConcurrency: 4, consumerTimeoutMs: 3 * hourMs } });
  });

  afterEach(async () => {
    await lane.close(); // what was delayed is dropped in time: its queue is gone
  });

  async function callFarTasks(): Promise<void> {
    const publisher = lane.caller.transport.publisher({ confirm: true });
    const eta = new Date(Date.now() + hourMs);
    await Promise.all(
      Array.from({ length: farCount }, () =>
        publisher.publish({
          exchange: '',
          routingKey: lane.queue,
          mandatory: true,
          ...encodeTaskMessage({
            name: 'work',
            id: randomUUID(),
            args: [],
            kwargs: {},
            eta,
            origin: 'spec@host',
          }),
        }),
      ),
    );
    await publisher.close();
  }

  it('are handed over once it is back, and hold up no other task', async () => {
    const { workerProxy, worker } = lane;
    const cuts = [1, 2, 3].map((occurrence) =>
      workerProxy.inject({
        on: { direction: 'to-broker', method: 'exchange.declare', exchange: delayExchange },
        occurrence,
        fault: { kind: 'cut', afterBytes: 0 },
      }),
    );
    await callFarTasks();
    await patiently('the connection was cut three times', () =>
      cuts.every(({ report }) => report !== undefined),
    );
    await lane.call(); // a plain task, behind them in the queue
    await patiently('all above the limit are handed over', () => {
      const { received, delayed, succeeded } = worker.counts;
      return received - delayed - succeeded === etaTaskLimit;
    });
    expect(worker.counts).toMatchObject({ received: farCount + 1, delayed: farCount - etaTaskLimit });
    expect(worker.isReady).toBe(true);
  });
});
