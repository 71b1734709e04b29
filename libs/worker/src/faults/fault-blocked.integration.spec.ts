import { brokerMethods } from '@celeriac/testing';
import { FaultLane } from '../testing/fault-lane.ts';
import { patiently } from '../testing/patiently.ts';

const callCount = 20;

describe('a worker, when the broker blocks connections that publish', () => {
  let lane: FaultLane;

  afterEach(() => lane.close());

  it('runs what comes, keeps the results, and sends and acknowledges them once it is unblocked', async () => {
    let publishing = 0;
    let acknowledgements = 0;
    lane = await FaultLane.open({
      onWorkerFrame: ({ connection, direction, method }) => {
        if (method === 'basic.publish') publishing = connection;
        if (method === 'basic.ack' && direction === 'to-broker') acknowledgements++;
      },
    });
    await lane.settled();
    const runsBefore = lane.runs.size;
    const resultsBefore = lane.caller.results.size;
    acknowledgements = 0;

    lane.workerProxy.tell(publishing, brokerMethods.blocked('low on memory'));
    const blockedOn = publishing;
    publishing = 0;
    const calls = Array.from({ length: callCount }, () => lane.call());
    await patiently('every task has run', () => lane.runs.size === runsBefore + callCount);
    expect([publishing, acknowledgements, lane.caller.results.size]).toEqual([0, 0, resultsBefore]);
    expect(lane.worker.isReady).toBe(true); // to consume; for it the broker has no end of room

    lane.workerProxy.tell(blockedOn, brokerMethods.unblocked());
    const ids = await Promise.all(calls);
    await lane.settled();
    expect(publishing).toBe(blockedOn);
    expect(acknowledgements).toBeGreaterThan(0);
    expect(ids.filter((id) => lane.runs.get(id) !== 1 || lane.resultCount(id) !== 1)).toEqual([]);
    expect(await lane.close()).toEqual({ calls: 0, replies: 0 });
  });
});
