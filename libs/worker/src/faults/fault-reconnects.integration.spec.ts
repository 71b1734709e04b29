import amqplib, { type ChannelModel } from 'amqplib'; // eslint-disable-line no-restricted-imports -- to look at its connections
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { BrokerChannels } from '../testing/broker-channels.ts';
import { FaultLane } from '../testing/fault-lane.ts';
import { patiently } from '../testing/patiently.ts';
import { listenerCount, takeCensus, type ResourceCensus } from '../testing/resource-census.ts';

const reconnectCount = 100;
/** What is loaded or compiled with the first reconnects is no leak. */
const warmUpCount = 10;
const heapAllowanceBytes = 5 * 1024 * 1024;

/** What is to be the same after each reconnect; four connections, two of the worker and two of the caller. */
interface Holdings extends Omit<ResourceCensus, 'heapUsed'> {
  /** Connections of amqplib that the garbage collector could not take. */
  readonly connections: number;
  /** Of each of these, with those of its socket. */
  readonly connectionListeners: readonly number[];
  readonly brokerConnections: number;
  readonly brokerChannels: number;
}

describe('a worker and a caller that lose their connections a hundred times', () => {
  let models: WeakRef<ChannelModel>[] = [];
  const brokerChannels = new BrokerChannels();
  let lane: FaultLane;

  async function openLane(): Promise<void> {
    const { connect } = amqplib;
    const spy = jest.spyOn(amqplib, 'connect').mockImplementation(async (...args) => {
      const model = await connect(...args);
      models.push(new WeakRef(model));
      spy.mockClear(); // it would keep what it returned
      return model;
    });
    lane = await FaultLane.open({
      onWorkerFrame: (frame) => {
        brokerChannels.heard(frame);
      },
    });
  }

  afterAll(() => lane.close());

  async function reconnect(): Promise<void> {
    const { workerProxy, callerProxy } = lane;
    const before = workerProxy.connectionCount + callerProxy.connectionCount;
    workerProxy.cut();
    callerProxy.cut();
    await patiently(
      'all four are connected again',
      () => workerProxy.connectionCount + callerProxy.connectionCount >= before + 4 && lane.isReady,
    );
    await lane.settled();
  }

  function takeStock(): { readonly held: Holdings; readonly heapUsed: number } {
    const { heapUsed, ...census } = takeCensus();
    const { workerProxy, callerProxy } = lane;
    models = models.filter((model) => model.deref() !== undefined);
    const living = models.flatMap((model) => model.deref() ?? []);
    return {
      heapUsed,
      held: {
        ...census,
        connections: living.length,
        connectionListeners: living
          .map((model) => listenerCount(model) + listenerCount(socketOf(model)))
          .sort(),
        brokerConnections: workerProxy.openConnections.length + callerProxy.openConnections.length,
        brokerChannels: brokerChannels.count(workerProxy.openConnections),
      },
    };
  }

  /** Takes stock once it is as it should be: a lost socket takes a second to be gone. After 15 s it is what it is. */
  async function takeStockOnce(isRight: (held: Holdings) => boolean): Promise<ReturnType<typeof takeStock>> {
    const deadline = performance.now() + 15_000;
    for (;;) {
      const stock = takeStock();
      if (isRight(stock.held) || performance.now() > deadline) return stock;
      await delay(200);
    }
  }

  it('hold as much afterwards as before', async () => {
    await openLane();
    for (let at = 0; at < warmUpCount; at++) await reconnect();
    // each may hold on to the one before it, such as by the error it was lost with
    const before = await takeStockOnce((held) => held.connections <= 8 && held.brokerChannels === 3);
    // of the worker: one to consume, one for results, one for events
    expect(before.held).toMatchObject({ brokerConnections: 4, brokerChannels: 3 });
    expect(before.held.connections).toBeLessThanOrEqual(8);
    for (let at = 0; at < reconnectCount; at++) await reconnect();
    expect(lane.workerProxy.connectionCount).toBeGreaterThanOrEqual(2 * (warmUpCount + reconnectCount));

    const after = await takeStockOnce((held) => JSON.stringify(held) === JSON.stringify(before.held));
    expect(after.held).toEqual(before.held);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(heapAllowanceBytes);
    expect(await lane.close()).toEqual({ calls: 0, replies: 0 });
  }, 300_000);
});

function socketOf(model: ChannelModel): Socket {
  return (model.connection as unknown as { stream: Socket }).stream;
}
