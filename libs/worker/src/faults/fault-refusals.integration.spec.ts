import { FaultLane } from '../testing/fault-lane.ts';

describe('a worker and a caller, on a broker that refuses what RabbitMQ 4.3 refuses', () => {
  let lane: FaultLane;

  afterEach(() => lane.close());

  it('need none of it', async () => {
    lane = await FaultLane.open({ proxies: { refusals: 'rabbitmq-4.3' } });
    const ids = await Promise.all(Array.from({ length: 20 }, () => lane.call()));
    await lane.settled();
    expect(ids.filter((id) => lane.runs.get(id) !== 1)).toEqual([]);
    expect([lane.workerProxy.connectionCount, lane.callerProxy.connectionCount]).toEqual([2, 2]);
    expect(await lane.close()).toEqual({ calls: 0, replies: 0 });
  });
});
