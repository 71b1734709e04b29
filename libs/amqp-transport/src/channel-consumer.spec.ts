import { silentLogger } from '@celeriac/primitives';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  brokerMethods,
  deliveryBytes,
  rawHeaders,
  RecordingLogger,
  ScriptedPeer,
  until,
  type PeerConnection,
  type PeerMessage,
  type RawField,
} from '@celeriac/testing';
import { BrokerConnection } from './broker-connection.ts';
import { parseBrokerUrls } from './broker-url.ts';
import { ChannelConsumer } from './channel-consumer.ts';
import { ChannelPublisher } from './channel-publisher.ts';
import type { Delivery } from './delivery.ts';
import type { ConsumeOptions } from './message-consumer.ts';

const queue = { name: 'addition', durable: true, exclusive: false, autoDelete: false };

describe('ChannelConsumer', () => {
  let peer: ScriptedPeer;
  let logger: RecordingLogger;
  let connection: BrokerConnection;
  const deliveries: Delivery[] = [];
  const consumers: ChannelConsumer[] = [];

  function consume(options: Partial<ConsumeOptions> = {}): ChannelConsumer {
    const consumer = new ChannelConsumer(
      connection,
      {
        queues: ['addition'],
        topology: { exchanges: [], queues: [queue], bindings: [] },
        prefetchCount: 4,
        onDelivery: (delivery) => deliveries.push(delivery),
        ...options,
      },
      logger,
    );
    consumers.push(consumer);
    return consumer;
  }

  async function consuming(options: Partial<ConsumeOptions> = {}): Promise<ChannelConsumer> {
    const consumer = consume(options);
    await consumer.whenConsuming();
    return consumer;
  }

  /** The consumer that was registered last: where to deliver. */
  function target(): { connection: PeerConnection; channel: number; consumerTag: string } {
    const consumes = peer.saidBy('basic.consume');
    const last = consumes.at(-1);
    if (last === undefined) throw new Error('nothing is being consumed');
    return {
      connection: last.connection,
      channel: last.channel,
      consumerTag: `${last.queue}#${consumes.length}`,
    };
  }

  function deliver(deliveryTag: number, options: Partial<PeerMessage> = {}): void {
    const { connection: to, channel, consumerTag } = target();
    to.deliver({ channel, consumerTag, deliveryTag, body: Buffer.from(`body ${deliveryTag}`), ...options });
  }

  async function delivered(count: number): Promise<readonly Delivery[]> {
    await until(() => deliveries.length === count, { what: `${count} deliveries` });
    return deliveries;
  }

  const settlements = () =>
    peer.said
      .filter(({ method }) => method === 'basic.ack' || method === 'basic.reject')
      .map((said) => ({ ...said, connection: said.connection.number }));

  beforeEach(async () => {
    deliveries.length = 0;
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
  });

  afterEach(async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
    await connection.close();
    await peer.close();
  });

  it('rejects a message whose receiver throws, and takes the next on the same channel', async () => {
    const failing = (delivery: Delivery): void => {
      deliveries.push(delivery);
      if (delivery.deliveryTag === 2) delivery.ack();
      if (delivery.deliveryTag < 3) throw new Error(`a fault of ours ${delivery.deliveryTag}`);
    };
    await consuming({ onDelivery: failing });
    for (const tag of [1, 2, 3]) deliver(tag);
    await delivered(3);
    deliveries[2]?.ack();
    await until(() => settlements().length > 0 && peer.saidBy('basic.reject').length === 1);
    await until(() => settlements().length >= 2);
    expect(peer.saidBy('basic.reject')).toMatchObject([{ deliveryTag: 1, requeue: false }]);
    expect(logger.fieldsOf('delivery failed, message rejected')).toMatchObject([
      { queue: 'addition', deliveryTag: 1, err: { message: 'a fault of ours 1' } },
      { queue: 'addition', deliveryTag: 2 },
    ]);
    expect(peer.saidBy('basic.consume')).toHaveLength(1);
  });

  it('waits longer each time before it rebuilds a channel that is closed as soon as it consumes', async () => {
    let rebuilds = 0;
    peer.script = ({ method, channel, connection: to }) => {
      if (method !== 'basic.consume' || ++rebuilds > 4) return undefined;
      setImmediate(() => {
        to.closeChannel(channel, 406, 'PRECONDITION_FAILED');
      });
      return undefined;
    };
    const startMs = performance.now();
    await consuming();
    await until(() => rebuilds === 5 && peer.saidBy('basic.consume').length === 5, { timeoutMs: 30_000 });
    // 50 + 100 + 200 + 400 ms are certain; without a pause it would be over in a few
    expect(performance.now() - startMs).toBeGreaterThan(700);
  });

  it('goes on when onDeliveriesLost throws', async () => {
    const consumer = await consuming({
      onDeliveriesLost: () => {
        throw new Error('a fault of ours');
      },
    });
    peer.connections[0]?.close(320, 'CONNECTION_FORCED');
    await until(() => peer.saidBy('basic.consume').length === 2);
    await consumer.whenConsuming();
    expect(logger.fieldsOf('onDeliveriesLost failed')).toHaveLength(1);
  });

  it('declares, limits and consumes, in this order', async () => {
    const consumer = await consuming();
    expect(consumer.isConsuming).toBe(true);
    expect(peer.said.slice(3).map(({ method }) => method)).toEqual([
      'channel.open',
      'queue.declare',
      'channel.close',
      'channel.open',
      'basic.qos',
      'basic.consume',
    ]);
    expect(peer.saidBy('basic.qos')).toMatchObject([{ prefetchCount: 4, global: false }]);
    expect(peer.saidBy('basic.consume')).toMatchObject([{ queue: 'addition', noAck: false }]);
  });

  it('hands over deliveries and settles them', async () => {
    await consuming();
    for (const tag of [1, 2, 3]) deliver(tag, { redelivered: tag === 2 });
    const [first, second, third] = await delivered(3);
    expect(first).toMatchObject({
      body: Buffer.from('body 1'),
      headers: {},
      properties: {},
      damage: undefined,
      exchange: '',
      routingKey: 'addition',
      redelivered: false,
      deliveryTag: 1,
      queue: 'addition',
      isSettled: false,
      isLost: false,
    });
    expect(second?.redelivered).toBe(true);
    first?.ack();
    second?.reject({ requeue: true });
    third?.ack();
    expect([first?.isSettled, second?.isSettled]).toEqual([true, true]);
    await until(() => settlements().length === 2);
    expect(settlements()).toMatchObject([
      { method: 'basic.reject', deliveryTag: 2, requeue: true },
      { method: 'basic.ack', deliveryTag: 3, multiple: true },
    ]);
  });

  it('throws when a delivery is settled twice', async () => {
    await consuming();
    deliver(1);
    const [delivery] = await delivered(1);
    delivery?.ack();
    for (const again of [() => delivery?.ack(), () => delivery?.reject({ requeue: false })])
      expect(again).toThrow(expect.objectContaining({ code: 'ERR_ILLEGAL_STATE' }) as Error);
  });

  describe('headers', () => {
    it.each<[string, RawField, unknown]>([
      ["Python's L integer", ['big', 'L', Buffer.from('0000000100000000', 'hex')], { big: 4294967296 }],
      ['bytes', ['x', 'x', Buffer.from('00000002c328', 'hex')], { x: Buffer.from('c328', 'hex') }],
    ])('reads %s', async (_what, field, headers) => {
      await consuming();
      deliver(1, { properties: rawHeaders(field) });
      const [delivery] = await delivered(1);
      expect([delivery?.headers, delivery?.damage]).toEqual([headers, undefined]);
    });

    it.each<[string, Buffer]>([
      ['a type letter that nobody knows', rawHeaders(['x', 'Z', Buffer.alloc(4)])],
      ['a table cut short', rawHeaders(['x', 'S', Buffer.from('000000ff41', 'hex')])],
      ['property flags and nothing behind them', Buffer.from([0xff, 0xf8])],
    ])('hands over a delivery with %s as damaged, and goes on', async (_what, properties) => {
      await consuming();
      deliver(1, { properties });
      deliver(2);
      const [damaged, sound] = await delivered(2);
      expect(damaged?.damage).toBeInstanceOf(Error);
      expect([damaged?.headers, damaged?.body.toString()]).toEqual([{}, 'body 1']);
      expect(sound?.damage).toBeUndefined();
      damaged?.reject({ requeue: false });
      sound?.ack();
      await until(() => settlements().length === 2);
      expect(peer.connections).toHaveLength(1);
    });
  });

  it('puts a delivery together however the network cuts it', async () => {
    await consuming();
    const { connection: to, channel, consumerTag } = target();
    const bytes = deliveryBytes({ channel, consumerTag, deliveryTag: 1, body: Buffer.from('in pieces') });
    for (const byte of bytes) {
      to.write(Buffer.from([byte]));
      await nextTurn();
    }
    const [delivery] = await delivered(1);
    expect(delivery?.body.toString()).toBe('in pieces');
  });

  describe('recovery', () => {
    it('redoes channel, QoS and consumer after a lost connection, and uses no old tag', async () => {
      const consumer = await consuming();
      for (const tag of [1, 2]) deliver(tag);
      const [first, second] = await delivered(2);
      first?.ack(); // due at the end of the turn, which is too late
      peer.connections[0]?.cut();
      await until(() => first?.isLost === true);
      expect(consumer.isConsuming).toBe(false);
      second?.reject({ requeue: false });
      await consumer.whenConsuming();
      deliver(1, { redelivered: true });
      const [, , again] = await delivered(3);
      again?.ack();
      await until(() => settlements().some(({ connection: number }) => number === 2));
      expect(settlements().filter(({ connection: number }) => number === 2)).toMatchObject([
        { method: 'basic.ack', deliveryTag: 1 },
      ]);
      expect(peer.saidBy('basic.qos')).toHaveLength(2);
      expect(peer.saidBy('queue.declare')).toHaveLength(2);
    });

    it('loses a delivery that was cut in the middle, and nothing else', async () => {
      const consumer = await consuming();
      const { connection: to, channel, consumerTag } = target();
      const bytes = deliveryBytes({ channel, consumerTag, deliveryTag: 1, body: Buffer.alloc(100) });
      to.writeThenCut(bytes, bytes.length - 20);
      await until(() => peer.saidBy('basic.consume').length === 2);
      await consumer.whenConsuming();
      expect(deliveries).toHaveLength(0);
      deliver(1);
      await delivered(1);
    });

    it('consumes again on a new channel when the broker closes the channel', async () => {
      const consumer = await consuming();
      deliver(1);
      const [delivery] = await delivered(1);
      const { connection: to, channel } = target();
      to.closeChannel(channel, 406, 'PRECONDITION_FAILED - delivery acknowledgement timed out');
      await until(() => delivery?.isLost === true);
      await consumer.whenConsuming();
      delivery?.ack();
      deliver(1);
      await delivered(2);
      expect(settlements()).toEqual([]);
      expect(peer.connections).toHaveLength(1);
    });

    it('consumes again when the channel is closed in the turn in which it began to consume', async () => {
      peer.script = (said) => {
        if (said.method !== 'basic.consume' || peer.saidBy('basic.consume').length > 1) return undefined;
        said.connection.sayTogether(
          said.channel,
          brokerMethods.consumeOk('first'),
          brokerMethods.channelClose(541, 'INTERNAL_ERROR'),
        );
        return 'handled';
      };
      const consumer = await consuming();
      expect(consumer.isConsuming).toBe(true);
      expect(peer.saidBy('basic.consume')).toHaveLength(2);
    });

    it('consumes again on the same channel when the broker cancels the consumer', async () => {
      const consumer = await consuming();
      deliver(1);
      const [delivery] = await delivered(1);
      const { connection: to, channel, consumerTag } = target();
      to.cancelConsumer(channel, consumerTag);
      await until(() => !consumer.isConsuming);
      await consumer.whenConsuming();
      expect(target().channel).toBe(channel);
      expect(delivery?.isLost).toBe(false);
      delivery?.ack();
      await until(() => settlements().length === 1);
      expect(peer.saidBy('queue.declare')).toHaveLength(2);
    });

    it('consumes a queue whose consumer was cancelled before the others were registered', async () => {
      peer.script = (said) => {
        if (said.method !== 'basic.consume' || peer.saidBy('basic.consume').length > 1) return undefined;
        said.connection.sayTogether(
          said.channel,
          brokerMethods.consumeOk('first'),
          brokerMethods.cancel('first'),
        );
        return 'handled';
      };
      const consumer = await consuming({ queues: ['one', 'two'] });
      expect(consumer.isConsuming).toBe(true);
      expect(
        peer
          .saidBy('basic.consume')
          .map(({ queue: name }) => name)
          .sort(),
      ).toEqual(['one', 'one', 'two']);
    });

    it('consumes both queues again when both are cancelled, and cancels both in the end', async () => {
      const consumer = await consuming({ queues: ['one', 'two'] });
      const { connection: to, channel } = target();
      to.sayTogether(channel, brokerMethods.cancel('one#1'), brokerMethods.cancel('two#2'));
      await until(() => !consumer.isConsuming);
      await consumer.whenConsuming();
      await consumer.cancel();
      expect(peer.saidBy('basic.cancel')).toHaveLength(2);
    });

    it('keeps trying while a declaration is refused', async () => {
      peer.script = (said) => {
        if (said.method !== 'queue.declare' || peer.saidBy('queue.declare').length > 2) return undefined;
        said.connection.closeChannel(said.channel, 406, 'PRECONDITION_FAILED - inequivalent arg');
        return 'handled';
      };
      await consuming();
      expect(logger.fieldsOf('cannot consume')).toHaveLength(2);
      expect(logger.fieldsOf('cannot consume')[0]?.['reason']).toContain('406');
    });

    it('is not disturbed on a new connection by an attempt that began on the old one', async () => {
      peer.script = (said) => {
        if (said.method !== 'queue.declare' || said.connection.number > 1) return undefined;
        said.connection.closeChannel(said.channel, 406, 'PRECONDITION_FAILED - inequivalent arg');
        return 'handled';
      };
      const consumer = consume();
      // the fourth attempt on the old connection waits longer than the new connection takes to open
      await until(() => logger.fieldsOf('cannot consume').length === 4);
      peer.connections[0]?.cut();
      await consumer.whenConsuming();
      const oldAttemptIsOver = performance.now() + 1700;
      await until(() => performance.now() > oldAttemptIsOver);
      expect([consumer.isConsuming, peer.saidBy('basic.consume').length]).toEqual([true, 1]);
      deliver(1);
      const [delivery] = await delivered(1);
      delivery?.ack();
      await until(() => settlements().length === 1);
    }, 10_000);
  });

  describe('cancel and close', () => {
    it('stops deliveries and keeps the channel to settle on', async () => {
      const consumer = await consuming();
      deliver(1);
      const [delivery] = await delivered(1);
      await consumer.cancel();
      await consumer.cancel();
      expect(peer.saidBy('basic.cancel')).toMatchObject([{ consumerTag: 'addition#1' }]);
      expect(consumer.isConsuming).toBe(false);
      delivery?.ack();
      await consumer.close();
      expect(peer.said.slice(-2)).toMatchObject([
        { method: 'basic.ack', deliveryTag: 1 },
        { method: 'channel.close' },
      ]);
    });

    it('does not come back after a cancel', async () => {
      const consumer = await consuming();
      await consumer.cancel();
      peer.connections[0]?.cut();
      await until(() => peer.connections.length === 2 && connection.isOpen);
      await nextTurn();
      expect(peer.saidBy('basic.consume')).toHaveLength(1);
    });

    it('deletes its queues on request', async () => {
      const consumer = await consuming();
      await consumer.close({ deleteQueues: true });
      expect(peer.saidBy('queue.delete')).toMatchObject([{ queue: 'addition' }]);
    });

    it('makes whenConsuming reject, before and after', async () => {
      peer.script = ({ method }) => (method === 'queue.declare' ? 'handled' : undefined);
      const consumer = consume();
      const early = expect(consumer.whenConsuming()).rejects.toMatchObject({ code: 'ERR_ILLEGAL_STATE' });
      await until(() => peer.saidBy('queue.declare').length === 1);
      const closed = consumer.close();
      peer.connections[0]?.cut();
      await closed;
      await early;
      await expect(consumer.whenConsuming()).rejects.toMatchObject({ code: 'ERR_ILLEGAL_STATE' });
    });

    it.each(['basic.cancel', 'channel.close'])(
      'ends when the connection goes instead of answering %s',
      async (method) => {
        const consumer = await consuming();
        peer.script = (said) => {
          if (said.method !== method) return undefined;
          said.connection.cut();
          return 'handled';
        };
        await consumer.close();
        expect(peer.said.some((said) => said.method === method)).toBe(true);
      },
    );

    it('lets a task that ends during the close acknowledge, to no effect', async () => {
      const consumer = await consuming();
      for (const tag of [1, 2, 3]) deliver(tag);
      const [first, second, third] = await delivered(3);
      const closing: (() => void)[] = [];
      peer.script = (said) => {
        if (said.method !== 'channel.close') return undefined;
        closing.push(() => {
          said.connection.say(said.channel, brokerMethods.channelCloseOk());
        });
        return 'handled';
      };
      first?.ack();
      const closed = consumer.close();
      await until(() => closing.length === 1);
      second?.ack();
      third?.reject({ requeue: true });
      await nextTurn(); // an exception here would end the process
      closing[0]?.();
      await closed;
      expect(second?.isLost).toBe(true);
      expect(settlements()).toMatchObject([{ method: 'basic.ack', deliveryTag: 1 }]);
    });

    it('lets a task acknowledge while the connection is closing, to no effect', async () => {
      await consuming();
      deliver(1);
      const [delivery] = await delivered(1);
      peer.script = ({ method }) => (method === 'connection.close' ? 'handled' : undefined);
      const closed = connection.close();
      await until(() => peer.saidBy('connection.close').length === 1);
      delivery?.ack();
      await nextTurn();
      peer.connections[0]?.say(0, brokerMethods.connectionCloseOk());
      await closed;
      expect(settlements()).toEqual([]);
    });
  });

  it('leaves nothing behind after 50 reconnects: no listener, timer, socket or channel', async () => {
    const consumer = await consuming();
    const publisher = new ChannelPublisher(connection, { confirm: true }, silentLogger);
    const cycle = async (): Promise<void> => {
      const [open] = peer.openConnections;
      const before = peer.connections.length;
      open?.cut();
      await until(() => peer.connections.length === before + 1 && consumer.isConsuming && publisher.isReady);
    };
    await cycle();
    await settledResources();
    const start = resources();
    const startListeners = process.listenerCount('uncaughtException') + process.listenerCount('exit');
    for (let round = 0; round < 50; round++) await cycle();
    await until(() => isNoMoreThan(resources(), start), { timeoutMs: 5000 });
    expect(process.listenerCount('uncaughtException') + process.listenerCount('exit')).toBe(startListeners);
    expect(peer.openConnections).toHaveLength(1);
    // each session opened the same three channels: one to declare on, one to consume on, one to publish on
    const last = peer.said.filter((said) => said.connection === peer.openConnections[0]);
    expect(last.filter(({ method }) => method === 'channel.open')).toHaveLength(3);
    expect(Math.max(...last.map(({ channel }) => channel))).toBeLessThanOrEqual(3);
    await publisher.close();
  }, 60_000);
});

function resources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1);
  counts.delete('Immediate');
  return counts;
}

function isNoMoreThan(now: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): boolean {
  return [...now].every(([name, count]) => count <= (before.get(name) ?? 0));
}

async function settledResources(): Promise<void> {
  let last = '';
  await until(() => {
    const now = JSON.stringify([...resources()]);
    const isSame = now === last;
    last = now;
    return isSame;
  });
}
