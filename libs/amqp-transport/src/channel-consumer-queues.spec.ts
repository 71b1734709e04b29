import { brokerMethods, RecordingLogger, ScriptedPeer, until } from '@celeriac/testing';
import { BrokerConnection } from './broker-connection.ts';
import { parseBrokerUrls } from './broker-url.ts';
import { ChannelConsumer } from './channel-consumer.ts';
import type { Delivery } from './delivery.ts';
import type { Topology } from './topology.ts';

function topologyOf(...names: readonly string[]): Topology {
  const queues = names.map((name) => ({ name, durable: true, exclusive: false, autoDelete: false }));
  return { exchanges: [], queues, bindings: [] };
}

const nothing = topologyOf();

describe('queues that are added to a ChannelConsumer, and removed', () => {
  let peer: ScriptedPeer;
  let logger: RecordingLogger;
  let connection: BrokerConnection;
  let consumer: ChannelConsumer;
  let deliveries: Delivery[];

  beforeEach(async () => {
    deliveries = [];
    logger = new RecordingLogger();
    peer = await ScriptedPeer.listen();
    connection = new BrokerConnection({
      addresses: parseBrokerUrls(peer.url),
      name: 'spec consuming',
      logger,
      heartbeatSeconds: 0,
      connectTimeoutMs: 1000,
    });
    connection.open();
    consumer = new ChannelConsumer(
      connection,
      {
        queues: ['first'],
        topology: topologyOf('first'),
        prefetchCount: 4,
        onDelivery: (delivery) => deliveries.push(delivery),
      },
      logger,
    );
  });

  afterEach(async () => {
    await consumer.close();
    await connection.close();
    await peer.close();
  });

  /** Queues that were consumed on a connection, in order. */
  function consumedOn(number: number): string[] {
    return peer
      .saidBy('basic.consume')
      .filter(({ connection: { number: on } }) => on === number)
      .map(({ queue }) => queue);
  }

  const declared = (): string[] => peer.saidBy('queue.declare').map(({ queue }) => queue);

  async function cut(): Promise<void> {
    const before = peer.connections.length;
    peer.openConnections[0]?.cut();
    await until(() => peer.connections.length > before && consumer.isConsuming);
  }

  /** Lets the broker refuse to declare a queue, and tells how often it did. */
  function refuse(queue: string, code: number, times = Infinity): () => number {
    let count = 0;
    peer.script = (said) => {
      if (said.method !== 'queue.declare' || said.queue !== queue || count >= times) return undefined;
      count++;
      if (code >= 500) said.connection.close(code, 'NOT_ALLOWED');
      else said.connection.closeChannel(said.channel, code, 'PRECONDITION_FAILED - inequivalent arg');
      return 'handled';
    };
    return () => count;
  }

  describe('add', () => {
    it('declares the queue on a channel apart and consumes it on that of the others', async () => {
      await consumer.whenConsuming();
      await consumer.add('second', topologyOf('second'));
      expect(declared()).toEqual(['first', 'second']);
      const [first, second] = peer.saidBy('basic.consume');
      expect([second?.queue, second?.channel]).toEqual(['second', first?.channel]);
      expect(peer.saidBy('queue.declare')[1]?.channel).not.toBe(first?.channel);
      expect(peer.saidBy('basic.qos')).toHaveLength(1);
      peer.connections[0]?.deliver({
        channel: second?.channel ?? 0,
        consumerTag: 'second#2',
        deliveryTag: 1,
        body: Buffer.from('x'),
      });
      await until(() => deliveries.length === 1);
      expect(deliveries[0]?.queue).toBe('second');
    });

    it('waits for the broker, and for the queues of the start', async () => {
      const adding = consumer.add('second', topologyOf('second'));
      await adding;
      expect(consumedOn(1)).toEqual(['first', 'second']);
    });

    it('changes nothing where the queue is consumed, and waits where it is being added', async () => {
      await consumer.whenConsuming();
      await consumer.add('first', topologyOf('first'));
      await Promise.all([
        consumer.add('second', topologyOf('second')),
        consumer.add('second', topologyOf('second')),
      ]);
      await consumer.add('second', topologyOf('second'));
      expect([declared(), consumedOn(1)]).toEqual([
        ['first', 'second'],
        ['first', 'second'],
      ]);
    });

    it('is redone after a lost connection', async () => {
      await consumer.whenConsuming();
      await consumer.add('second', topologyOf('second'));
      await cut();
      expect(consumedOn(2)).toEqual(['first', 'second']);
      expect(declared()).toEqual(['first', 'second', 'first', 'second']);
    });

    it('goes on when the connection is lost under it', async () => {
      await consumer.whenConsuming();
      peer.script = (said) => {
        if (said.method !== 'queue.declare' || said.queue !== 'second' || said.connection.number > 1)
          return undefined;
        said.connection.cut();
        return 'handled';
      };
      await consumer.add('second', topologyOf('second'));
      expect(consumedOn(2)).toEqual(['first', 'second']);
    });

    it('goes on when the channel is closed under it for another reason', async () => {
      await consumer.whenConsuming();
      const channel = peer.saidBy('basic.consume')[0]?.channel ?? 0;
      let isClosed = false;
      peer.script = (said) => {
        if (said.method !== 'basic.consume' || said.queue !== 'second' || isClosed) return undefined;
        isClosed = true;
        said.connection.closeChannel(channel, 406, 'delivery acknowledgement on channel 1 timed out');
        return 'handled';
      };
      await consumer.add('second', topologyOf('second'));
      expect(consumedOn(1)).toEqual(['first', 'second', 'first', 'second']);
      expect(consumer.isConsuming).toBe(true);
    });

    it.each([403, 405, 406])(
      'rejects when the broker refuses with %i, and the others go on',
      async (code) => {
        await consumer.whenConsuming();
        const refusals = refuse('second', code);
        await expect(consumer.add('second', topologyOf('second'))).rejects.toMatchObject({
          code: 'ERR_CHANNEL_CLOSED',
          replyCode: code,
        });
        expect([refusals(), consumer.isConsuming, peer.connections.length]).toEqual([1, true, 1]);
        expect(consumedOn(1)).toEqual(['first']);
        await cut();
        expect(consumedOn(2)).toEqual(['first']);
      },
    );

    it('may be tried again once it was refused', async () => {
      await consumer.whenConsuming();
      refuse('second', 406, 1);
      await expect(consumer.add('second', topologyOf('second'))).rejects.toThrow('406');
      await consumer.add('second', topologyOf('second'));
      expect(consumedOn(1)).toEqual(['first', 'second']);
    });

    it('finds out that a queue is missing before that costs the channel', async () => {
      await consumer.whenConsuming();
      refuse('missing', 404);
      await expect(consumer.add('missing', nothing)).rejects.toMatchObject({ replyCode: 404 });
      expect(peer.said.filter(({ method }) => method === 'channel.open')).toHaveLength(3);
      expect(consumer.isConsuming).toBe(true);
    });

    it('rejects when the queue may not be consumed, and the others are consumed anew', async () => {
      await consumer.whenConsuming();
      peer.script = (said) => {
        if (said.method !== 'basic.consume' || said.queue !== 'second') return undefined;
        said.connection.closeChannel(said.channel, 403, 'ACCESS_REFUSED - queue in exclusive use');
        return 'handled';
      };
      await expect(consumer.add('second', topologyOf('second'))).rejects.toMatchObject({ replyCode: 403 });
      await consumer.whenConsuming();
      expect(consumedOn(1)).toEqual(['first', 'second', 'first']);
    });

    it('rejects what makes the broker close the connection, once', async () => {
      await consumer.whenConsuming();
      const refusals = refuse('second', 530);
      await expect(consumer.add('second', topologyOf('second'))).rejects.toMatchObject({
        code: 'ERR_CONNECTION_CLOSED',
        replyCode: 530,
      });
      await consumer.whenConsuming();
      expect([refusals(), consumedOn(2)]).toEqual([1, ['first']]);
    });

    it('consumes again when the broker cancels the consumer', async () => {
      await consumer.whenConsuming();
      await consumer.add('second', topologyOf('second'));
      const { channel = 0 } = peer.saidBy('basic.consume')[1] ?? {};
      peer.connections[0]?.cancelConsumer(channel, 'second#2');
      await until(() => !consumer.isConsuming);
      await consumer.whenConsuming();
      expect(consumedOn(1)).toEqual(['first', 'second', 'second']);
      expect(declared()).toEqual(['first', 'second', 'second']);
    });

    it('does not hold up the others when it is refused after a lost connection, and goes on trying', async () => {
      await consumer.whenConsuming();
      await consumer.add('second', topologyOf('second'));
      const refusals = refuse('second', 406, 2);
      peer.openConnections[0]?.cut();
      await until(() => consumedOn(2).includes('first'));
      await consumer.whenConsuming();
      expect(refusals()).toBe(2);
      expect(consumedOn(2)).toEqual(['first', 'second']);
      expect(logger.fieldsOf('cannot consume again yet')[0]).toMatchObject({ queue: 'second' });
    });

    it('rejects once the consumer is cancelled, and when it is meanwhile', async () => {
      await consumer.whenConsuming();
      peer.script = ({ method }) => (method === 'basic.consume' ? 'handled' : undefined);
      const adding = expect(consumer.add('second', topologyOf('second'))).rejects.toMatchObject({
        code: 'ERR_ILLEGAL_STATE',
      });
      await until(() => consumedOn(1).includes('second'));
      peer.connections[0]?.cut();
      const cancelled = consumer.cancel();
      await Promise.all([adding, cancelled]);
      await expect(consumer.add('third', topologyOf('third'))).rejects.toMatchObject({
        code: 'ERR_ILLEGAL_STATE',
      });
    });
  });

  describe('remove', () => {
    it.each([
      ['the start', 'first', 'second'],
      ['an addition', 'second', 'first'],
    ])('cancels a queue of %s, which stays away after a reconnect', async (_what, gone, left) => {
      await consumer.whenConsuming();
      await consumer.add('second', topologyOf('second'));
      await consumer.remove(gone);
      expect(peer.saidBy('basic.cancel').map(({ consumerTag }) => consumerTag.split('#')[0])).toEqual([gone]);
      expect(consumer.isConsuming).toBe(true);
      await cut();
      expect(consumedOn(2)).toEqual([left]);
      expect(declared().slice(2)).toEqual([left]);
    });

    it('lets what was delivered be settled', async () => {
      await consumer.whenConsuming();
      const { channel = 0 } = peer.saidBy('basic.consume')[0] ?? {};
      peer.connections[0]?.deliver({
        channel,
        consumerTag: 'first#1',
        deliveryTag: 1,
        body: Buffer.alloc(1),
      });
      await until(() => deliveries.length === 1);
      await consumer.remove('first');
      deliveries[0]?.ack();
      await until(() => peer.saidBy('basic.ack').length === 1);
    });

    it('does nothing for a queue that is not consumed', async () => {
      await consumer.whenConsuming();
      await consumer.remove('other');
      expect(peer.saidBy('basic.cancel')).toEqual([]);
    });

    it('makes an addition under way reject, and cancels it when it is registered after all', async () => {
      await consumer.whenConsuming();
      let answer: (() => void) | undefined;
      peer.script = (said) => {
        if (said.method !== 'basic.consume' || said.queue !== 'second') return undefined;
        answer = () => {
          said.connection.say(said.channel, brokerMethods.consumeOk('late'));
        };
        return 'handled';
      };
      const adding = expect(consumer.add('second', topologyOf('second'))).rejects.toThrow(
        'queue second was removed before it was consumed',
      );
      await until(() => answer !== undefined);
      const removing = consumer.remove('second');
      answer?.();
      await Promise.all([adding, removing]);
      expect(peer.saidBy('basic.cancel')).toMatchObject([{ consumerTag: 'late' }]);
    });

    it('takes a queue that is added again', async () => {
      await consumer.whenConsuming();
      await consumer.remove('first');
      await consumer.add('first', topologyOf('first'));
      await cut();
      expect(consumedOn(2)).toEqual(['first']);
    });

    it('lets the consumer be without queues', async () => {
      await consumer.whenConsuming();
      await consumer.remove('first');
      await cut();
      expect([consumedOn(2), consumer.isConsuming]).toEqual([[], true]);
    });
  });

  it('deletes the queues that it consumes at the end, and no other', async () => {
    await consumer.whenConsuming();
    await consumer.add('second', topologyOf('second'));
    await consumer.remove('first');
    await consumer.close({ deleteQueues: true });
    expect(peer.saidBy('queue.delete').map(({ queue }) => queue)).toEqual(['second']);
  });

  it("says what to do about the broker's consumer_timeout, and consumes again", async () => {
    await consumer.whenConsuming();
    await consumer.add('second', topologyOf('second'));
    const { channel = 0 } = peer.saidBy('basic.consume')[0] ?? {};
    const text =
      'PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms. ' +
      'This timeout value can be configured, see consumers doc guide to learn more';
    peer.connections[0]?.closeChannel(channel, 406, text);
    await until(() => !consumer.isConsuming);
    await consumer.whenConsuming();
    expect(consumedOn(1)).toEqual(['first', 'second', 'first', 'second']);
    const warning = logger.lines.find(({ message }) => message.includes('consumer_timeout'));
    expect(warning).toMatchObject({
      level: 'warn',
      fields: {
        queues: ['first', 'second'],
        remedy: expect.stringContaining('acknowledge early') as string,
        reason: expect.stringContaining('1800000 ms') as string,
      },
    });
    expect(logger.fieldsOf('channel closed by the broker')).toEqual([]);
  });
});
