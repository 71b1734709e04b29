import { RecordingLogger, ScriptedPeer, until } from '@celeriac/testing';
import { BrokerConnection } from './broker-connection.ts';
import { parseBrokerUrls } from './broker-url.ts';
import { ChannelConsumer } from './channel-consumer.ts';
import type { Delivery } from './delivery.ts';

const addition = { name: 'addition', durable: true, exclusive: false, autoDelete: false };
const mine = { name: 'mine', durable: false, exclusive: false, autoDelete: true };

describe('ChannelConsumer, paused', () => {
  let peer: ScriptedPeer;
  let connection: BrokerConnection;
  let consumer: ChannelConsumer;
  const deliveries: Delivery[] = [];

  async function consuming(queues = [addition]): Promise<void> {
    consumer = new ChannelConsumer(
      connection,
      {
        queues: queues.map(({ name }) => name),
        topology: { exchanges: [], queues, bindings: [] },
        prefetchCount: 4,
        onDelivery: (delivery) => deliveries.push(delivery),
      },
      new RecordingLogger(),
    );
    await consumer.whenConsuming();
  }

  const count = (method: string): number => peer.said.filter((said) => said.method === method).length;
  const prefetchCounts = (): unknown[] =>
    peer.saidBy('basic.qos').map(({ prefetchCount }) => prefetchCount as unknown);

  beforeEach(async () => {
    deliveries.length = 0;
    peer = await ScriptedPeer.listen();
    connection = new BrokerConnection({
      addresses: parseBrokerUrls(peer.url),
      name: 'spec pausing',
      logger: new RecordingLogger(),
      heartbeatSeconds: 0,
      connectTimeoutMs: 1000,
    });
    connection.open();
  });

  afterEach(async () => {
    await consumer.close();
    await connection.close();
    await peer.close();
  });

  it('cancels its consumers and keeps the channel, then consumes with another prefetch count', async () => {
    await consuming();
    consumer.pause();
    expect([consumer.isConsuming, consumer.isPaused('addition')]).toEqual([false, true]);
    await until(() => count('basic.cancel') === 1);
    consumer.resume(2);
    await consumer.whenConsuming();
    expect([count('basic.consume'), prefetchCounts(), consumer.isPaused('addition')]).toEqual([
      2,
      [4, 2],
      false,
    ]);
    const [first, second] = peer.saidBy('basic.consume');
    expect(second?.channel).toBe(first?.channel);
  });

  it('cancels before what is on its way is settled', async () => {
    await consuming();
    const [{ connection: to, channel }] = peer.saidBy('basic.consume') as [
      (typeof peer.said)[number] & { channel: number },
    ];
    to.deliver({ channel, consumerTag: 'addition#1', deliveryTag: 1, body: Buffer.from('1') });
    await until(() => deliveries.length === 1);
    consumer.pause();
    deliveries[0]?.reject({ requeue: true });
    await until(() => count('basic.reject') === 1);
    const methods = peer.said.map(({ method }) => method);
    expect(methods.indexOf('basic.cancel')).toBeLessThan(methods.indexOf('basic.reject'));
  });

  it('stays paused over a lost connection', async () => {
    await consuming();
    consumer.pause();
    await until(() => count('basic.cancel') === 1);
    peer.connections.at(-1)?.cut();
    await until(() => count('basic.qos') === 2);
    expect([consumer.isConsuming, count('basic.consume')]).toEqual([false, 1]);
    consumer.resume(3);
    await consumer.whenConsuming();
    expect([count('basic.consume'), prefetchCounts().at(-1)]).toEqual([2, 3]);
  });

  it('has one consumer for each queue, however often it is paused and resumed', async () => {
    await consuming();
    for (let time = 0; time < 5; time++) {
      consumer.pause();
      consumer.resume(4);
    }
    await consumer.whenConsuming();
    await until(() => count('basic.consume') - count('basic.cancel') === 1);
  });

  it('goes on with a queue that would be deleted with its consumer', async () => {
    await consuming([addition, mine]);
    consumer.pause();
    expect(['addition', 'mine'].map((name) => consumer.isPaused(name))).toEqual([true, false]);
    await until(() => count('basic.cancel') === 1);
    consumer.resume(4);
    await consumer.whenConsuming();
    expect(peer.saidBy('basic.consume').map(({ queue }) => queue as unknown)).toEqual([
      'addition',
      'mine',
      'addition',
    ]);
  });
});
