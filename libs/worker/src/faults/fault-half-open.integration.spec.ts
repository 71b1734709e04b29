import { FaultLane } from '../testing/fault-lane.ts';
import { patiently } from '../testing/patiently.ts';

const heartbeatSeconds = 2;
const callCount = 50;

describe('a worker, when its network drops every packet while its connections stay open', () => {
  let lane: FaultLane;

  afterEach(() => lane.close());

  it.each([
    ['in both directions', 'both'],
    ['from the broker', 'to-client'],
    ['to the broker', 'to-broker'],
  ] as const)('%s: notices, and loses nothing once it is back', async (_what, direction) => {
    lane = await FaultLane.open({ worker: { brokerHeartbeatSeconds: heartbeatSeconds } });
    const begun = lane.workerProxy.inject({
      on: { direction: 'to-broker', method: 'basic.ack' },
      occurrence: 3,
      fault: { kind: 'blackhole', direction },
    });
    const calls = Promise.all(
      Array.from({ length: callCount }, async () => {
        while (begun.report === undefined) await lane.call(); // so that some are in any state of their way
        return lane.call();
      }),
    );
    await begun.done;
    const begunAt = performance.now();
    await patiently('the worker notices', () => !lane.worker.isReady);
    // where it hears the broker it is the broker that misses heartbeats, and ends the connection by its own clock
    if (direction !== 'to-broker')
      expect(performance.now() - begunAt).toBeLessThan(2 * heartbeatSeconds * 1000);

    lane.workerProxy.restore();
    const ids = await calls;
    await patiently('the worker is ready again', () => lane.isReady);
    await lane.settled();
    expect(lane.runs.size).toBeGreaterThan(callCount);
    expect([...lane.runs].filter(([, runs]) => runs > 2)).toEqual([]);
    // both connections are lost: the result of the first run may have been sent twice, and there is that of the second
    expect([...lane.caller.results].filter(([, results]) => results.length > 3)).toEqual([]);
    expect(ids.filter((id) => lane.resultCount(id) === 0)).toEqual([]);
    expect(await lane.close()).toEqual({ calls: 0, replies: 0 });
  });
});
