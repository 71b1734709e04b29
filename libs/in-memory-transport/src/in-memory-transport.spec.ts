import {
  OperationalError,
  type Delivery,
  type PublishMessage,
  type Topology,
} from '@celeriac/amqp-transport';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { InMemoryBroker, matchesTopic } from './in-memory-broker.ts';
import { InMemoryTransport } from './in-memory-transport.ts';
import { until } from '@celeriac/testing';

const queue = { name: 'addition', durable: true, exclusive: false, autoDelete: false };
const topology: Topology = { exchanges: [], queues: [queue], bindings: [] };

function message(routingKey: string, text = 'body', overrides: Partial<PublishMessage> = {}): PublishMessage {
  const body = Buffer.from(text);
  return { exchange: '', routingKey, properties: {}, headers: {}, body, mandatory: true, ...overrides };
}

async function consumeAll(transport: InMemoryTransport, prefetchCount = 0) {
  const deliveries: Delivery[] = [];
  const consumer = transport.consume({
    queues: ['addition'],
    topology,
    prefetchCount,
    onDelivery: (delivery) => deliveries.push(delivery),
  });
  await consumer.whenConsuming();
  return { consumer, deliveries };
}

const texts = (deliveries: readonly Delivery[]) => deliveries.map(({ body }) => body.toString());

describe('InMemoryTransport', () => {
  let transport: InMemoryTransport;

  beforeEach(() => {
    transport = new InMemoryTransport();
  });

  afterEach(() => transport.close());

  describe('routing', () => {
    it('delivers what is published to a queue, in a later turn and in order', async () => {
      const { deliveries } = await consumeAll(transport);
      const publisher = transport.publisher({ confirm: true });
      const sent = Promise.all(['a', 'b', 'c'].map((text) => publisher.publish(message('addition', text))));
      expect(deliveries).toHaveLength(0);
      await sent;
      await until(() => deliveries.length === 3);
      expect(texts(deliveries)).toEqual(['a', 'b', 'c']);
      expect(transport.published.map(({ body }) => body.toString())).toEqual(['a', 'b', 'c']);
    });

    it.each([
      ['direct', 'key', 'key', 1],
      ['direct', 'key', 'other', 0],
      ['fanout', '', 'anything', 1],
      ['topic', 'task.#', 'task.received', 1],
      ['topic', 'worker.*', 'task.received', 0],
    ] as const)(
      'routes through a %s exchange bound with %j by the key %j to %i queues',
      async (type, bound, key, count) => {
        await transport.declare({
          exchanges: [{ name: 'x', type, durable: true, autoDelete: false }],
          queues: [queue],
          bindings: [{ queue: 'addition', exchange: 'x', routingKey: bound }],
        });
        const publisher = transport.publisher({ confirm: true });
        await publisher.publish(message(key, 'body', { exchange: 'x', mandatory: false }));
        expect(transport.messagesIn('addition')).toHaveLength(count);
      },
    );

    it('routes from exchange to exchange, each queue once, in circles too', async () => {
      const exchangeOf = (name: string, type: 'topic' | 'direct' | 'fanout') =>
        ({ name, type, durable: true, autoDelete: false }) as const;
      await transport.declare({
        exchanges: [exchangeOf('in', 'topic'), exchangeOf('out', 'fanout')],
        queues: [queue],
        bindings: [
          { queue: 'addition', exchange: 'out', routingKey: '' },
          { queue: 'addition', exchange: 'in', routingKey: 'a.#' },
        ],
        exchangeBindings: [
          { destination: 'out', source: 'in', routingKey: 'a.*' },
          { destination: 'in', source: 'out', routingKey: '' },
        ],
      });
      const publisher = transport.publisher({ confirm: true });
      await publisher.publish(message('a.b', 'body', { exchange: 'in' }));
      expect(transport.messagesIn('addition')).toHaveLength(1);
      await publisher.publish(message('b', 'body', { exchange: 'in', mandatory: false }));
      expect(transport.messagesIn('addition')).toHaveLength(1);
      const nowhere = { exchanges: [], queues: [], bindings: [] };
      const binding = { destination: 'out', source: 'nope', routingKey: '' };
      await expect(transport.declare({ ...nowhere, exchangeBindings: [binding] })).rejects.toMatchObject({
        replyCode: 404,
      });
    });

    it('reports a mandatory message that no queue takes, and drops another silently', async () => {
      const publisher = transport.publisher({ confirm: true });
      await expect(publisher.publish(message('nowhere'))).rejects.toMatchObject({
        code: 'ERR_PUBLISH_UNROUTABLE',
        replyCode: 312,
      });
      await publisher.publish(message('nowhere', 'body', { mandatory: false }));
    });

    it('refuses an unknown exchange with 404', async () => {
      const publisher = transport.publisher({ confirm: true });
      await expect(publisher.publish(message('k', 'b', { exchange: 'nope' }))).rejects.toMatchObject({
        code: 'ERR_PUBLISH_REFUSED',
        replyCode: 404,
      });
    });

    it('refuses to declare a queue anew with other properties', async () => {
      await transport.declare(topology);
      await transport.declare(topology);
      const other = { ...topology, queues: [{ ...queue, durable: false }] };
      await expect(transport.declare(other)).rejects.toMatchObject({ replyCode: 406 });
    });

    it('hands out headers as AMQP would: numbers, whole seconds, no undefined, nothing shared', async () => {
      const { deliveries } = await consumeAll(transport);
      const nested = [1, { deep: true }];
      const headers = {
        float: Object(9) as unknown,
        at: new Date(1_700_000_000_123),
        gone: undefined,
        nested,
      };
      await transport.publisher({ confirm: true }).publish(message('addition', '', { headers }));
      await until(() => deliveries.length === 1);
      expect(deliveries[0]?.headers).toEqual({ float: 9, at: new Date(1_700_000_000_000), nested });
      expect(deliveries[0]?.headers['nested']).not.toBe(nested);
    });
  });

  describe('consuming', () => {
    it('gives out no more than the prefetch count, and the next when one is settled', async () => {
      const { deliveries } = await consumeAll(transport, 2);
      for (const text of ['a', 'b', 'c']) transport.put('addition', { body: Buffer.from(text) });
      await until(() => deliveries.length === 2);
      await nextTurn();
      expect(texts(deliveries)).toEqual(['a', 'b']);
      deliveries[1]?.ack();
      await until(() => deliveries.length === 3);
    });

    it('shares a queue between consumers in turn', async () => {
      const [one, two] = [await consumeAll(transport), await consumeAll(transport)];
      for (const text of ['a', 'b', 'c', 'd']) transport.put('addition', { body: Buffer.from(text) });
      await until(() => one.deliveries.length + two.deliveries.length === 4);
      expect([texts(one.deliveries), texts(two.deliveries)]).toEqual([
        ['a', 'c'],
        ['b', 'd'],
      ]);
    });

    it('puts a requeued message back to its place, marked redelivered', async () => {
      const { deliveries } = await consumeAll(transport, 1);
      for (const text of ['a', 'b']) transport.put('addition', { body: Buffer.from(text) });
      await until(() => deliveries.length === 1);
      deliveries[0]?.reject({ requeue: true });
      await until(() => deliveries.length === 2);
      expect(deliveries[1]).toMatchObject({ redelivered: true, deliveryTag: 2 });
      expect(texts(deliveries)).toEqual(['a', 'a']);
    });

    it('throws when a delivery is settled twice', async () => {
      const { deliveries } = await consumeAll(transport);
      transport.put('addition', { body: Buffer.from('a') });
      await until(() => deliveries.length === 1);
      deliveries[0]?.ack();
      expect(() => deliveries[0]?.reject({ requeue: false })).toThrow('settled before');
      expect(transport.journal.of('acked')).toHaveLength(1);
      expect(transport.journal.of('rejected')).toHaveLength(0);
    });

    it('records what is rejected, and hands it to the dead-letter exchange of its queue', async () => {
      await transport.declare({ ...topology, queues: [{ ...queue, name: 'graveyard' }] });
      const withDeadLetters = {
        ...queue,
        name: 'mortal',
        arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'graveyard' },
      };
      const deliveries: Delivery[] = [];
      transport.consume({
        queues: ['mortal'],
        topology: { ...topology, queues: [withDeadLetters] },
        prefetchCount: 0,
        onDelivery: (delivery) => deliveries.push(delivery),
      });
      await until(() => transport.broker.queueNames.includes('mortal'));
      transport.put('mortal', { body: Buffer.from('bad'), damage: new Error('unreadable') });
      await until(() => deliveries.length === 1);
      expect(deliveries[0]?.damage?.message).toBe('unreadable');
      deliveries[0]?.reject({ requeue: false });
      expect(transport.deadLettered.map(({ queue: from }) => from)).toEqual(['mortal']);
      expect(transport.messagesIn('graveyard')).toHaveLength(1);
    });

    it('keeps the channel after a cancel, and gives back what is unsettled at the close', async () => {
      const { consumer, deliveries } = await consumeAll(transport);
      for (const text of ['a', 'b']) transport.put('addition', { body: Buffer.from(text) });
      await until(() => deliveries.length === 2);
      await consumer.cancel();
      transport.put('addition', { body: Buffer.from('c') });
      deliveries[0]?.ack();
      await consumer.close();
      expect(deliveries[1]?.isLost).toBe(true);
      expect(transport.messagesIn('addition').map(({ body }) => body.toString())).toEqual(['b', 'c']);
      await expect(consumer.whenConsuming()).rejects.toMatchObject({ code: 'ERR_ILLEGAL_STATE' });
    });

    it('deletes its queues on request', async () => {
      const { consumer } = await consumeAll(transport);
      await consumer.close({ deleteQueues: true });
      expect(transport.broker.queueNames).toEqual([]);
    });

    it('consumes again when its queue was deleted', async () => {
      const { consumer, deliveries } = await consumeAll(transport);
      transport.broker.deleteQueue('addition');
      expect(consumer.isConsuming).toBe(false);
      await consumer.whenConsuming();
      transport.put('addition', { body: Buffer.from('a') });
      await until(() => deliveries.length === 1);
    });

    it('starts to consume when a missing queue appears', async () => {
      const none: Topology = { exchanges: [], queues: [], bindings: [] };
      const consumer = transport.consume({
        queues: ['addition'],
        topology: none,
        prefetchCount: 1,
        onDelivery: () => undefined,
      });
      await nextTurn();
      expect(consumer.isConsuming).toBe(false);
      await transport.declare(topology);
      await consumer.whenConsuming();
    });

    it('deletes an auto-delete queue with its last consumer', async () => {
      const reply = { name: 'reply', durable: false, exclusive: false, autoDelete: true };
      const consumer = transport.consume({
        queues: ['reply'],
        topology: { ...topology, queues: [reply] },
        prefetchCount: 0,
        onDelivery: () => undefined,
      });
      await consumer.whenConsuming();
      await consumer.cancel();
      expect(transport.broker.queueNames).toEqual([]);
    });
  });

  describe('adding and removing queues', () => {
    const other: Topology = { ...topology, queues: [{ ...queue, name: 'other' }] };

    it('consumes one more queue, also after a loss', async () => {
      const { consumer, deliveries } = await consumeAll(transport);
      await consumer.add('other', other);
      await consumer.add('other', other);
      transport.loseConnection();
      await consumer.whenConsuming();
      for (const name of ['addition', 'other']) transport.put(name, { body: Buffer.from(name) });
      await until(() => deliveries.length === 2);
      expect(deliveries.map(({ queue: from }) => from).sort()).toEqual(['addition', 'other']);
    });

    it('waits for the connection', async () => {
      const { consumer } = await consumeAll(transport);
      transport.disconnect();
      const adding = consumer.add('other', other);
      await nextTurn();
      expect(transport.broker.queueNames).not.toContain('other');
      transport.reconnect();
      await adding;
      expect(transport.broker.queueNames).toContain('other');
    });

    it.each<[string, Topology, number]>([
      ['other properties', { ...topology, queues: [{ ...queue, name: 'other', durable: false }] }, 406],
      ['a queue that is missing', { ...topology, queues: [] }, 404],
    ])('rejects %s, and the others go on', async (_what, wrong, replyCode) => {
      if (replyCode === 406) await transport.declare(other);
      const { consumer, deliveries } = await consumeAll(transport);
      await expect(consumer.add('other', wrong)).rejects.toMatchObject({ replyCode });
      expect(consumer.isConsuming).toBe(true);
      transport.put('addition', { body: Buffer.from('a') });
      await until(() => deliveries.length === 1);
    });

    it('removes a queue, for good, and lets what was delivered be settled', async () => {
      const { consumer, deliveries } = await consumeAll(transport);
      await consumer.add('other', other);
      transport.put('other', { body: Buffer.from('a') });
      await until(() => deliveries.length === 1);
      await consumer.remove('other');
      transport.put('other', { body: Buffer.from('b') });
      deliveries[0]?.ack();
      expect(transport.journal.of('acked')).toHaveLength(1);
      transport.loseConnection();
      await consumer.whenConsuming();
      transport.put('addition', { body: Buffer.from('c') });
      await until(() => deliveries.length === 2);
      expect([texts(deliveries), transport.messagesIn('other').length]).toEqual([['a', 'c'], 1]);
    });

    it('rejects an addition that is removed, or whose consumer is cancelled', async () => {
      const { consumer } = await consumeAll(transport);
      transport.disconnect();
      const removed = expect(consumer.add('other', other)).rejects.toThrow('removed before it was consumed');
      await consumer.remove('other');
      await removed;
      const cancelled = expect(consumer.add('other', other)).rejects.toMatchObject({
        code: 'ERR_ILLEGAL_STATE',
      });
      await consumer.cancel();
      await cancelled;
      await expect(consumer.add('other', other)).rejects.toMatchObject({ code: 'ERR_ILLEGAL_STATE' });
    });
  });

  describe('losing the connection', () => {
    it('voids deliveries and delivers them again', async () => {
      const { consumer, deliveries } = await consumeAll(transport);
      transport.put('addition', { body: Buffer.from('a') });
      await until(() => deliveries.length === 1);
      transport.loseConnection();
      expect(transport.isConnected).toBe(false);
      expect(consumer.isConsuming).toBe(false);
      expect(deliveries[0]?.isLost).toBe(true);
      deliveries[0]?.ack(); // of a dead channel: has no effect
      await until(() => deliveries.length === 2);
      expect(deliveries[1]).toMatchObject({ redelivered: true, isLost: false, deliveryTag: 1 });
      expect(transport.journal.of('acked')).toHaveLength(0);
    });

    it('sends unconfirmed messages again, which the broker may then have twice', async () => {
      await transport.declare(topology);
      const publisher = transport.publisher({ confirm: true });
      transport.holdConfirms();
      const published = publisher.publish(message('addition'));
      await until(() => transport.messagesIn('addition').length === 1);
      transport.loseConnection();
      transport.releaseConfirms();
      await published;
      expect(transport.messagesIn('addition')).toHaveLength(2);
    });

    it('keeps messages until it is back, or refuses them at once with failFast', async () => {
      await transport.declare(topology);
      const [patient, hasty] = [
        transport.publisher({ confirm: true }),
        transport.publisher({ confirm: true, failFast: true }),
      ];
      transport.disconnect();
      const published = patient.publish(message('addition'));
      await expect(hasty.publish(message('addition'))).rejects.toMatchObject({
        code: 'ERR_CONNECTION_CLOSED',
      });
      await expect(transport.declare(topology)).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
      transport.reconnect();
      await published;
      expect(transport.messagesIn('addition')).toHaveLength(1);
    });

    it('takes exclusive queues with it, and other connections may not use them', async () => {
      const other = new InMemoryTransport({ broker: transport.broker });
      await transport.declare({ ...topology, queues: [{ ...queue, exclusive: true }] });
      await expect(other.declare(topology)).rejects.toMatchObject({ replyCode: 405 });
      transport.disconnect();
      expect(transport.broker.queueNames).toEqual([]);
      await other.close();
    });
  });

  describe('publishing', () => {
    it('keeps confirms back and releases them', async () => {
      await transport.declare(topology);
      const publisher = transport.publisher({ confirm: true, maxInFlight: 2 });
      transport.holdConfirms();
      const outcomes: string[] = [];
      for (const text of ['a', 'b', 'c'])
        publisher.send(message('addition', text), () => outcomes.push(text));
      await until(() => transport.messagesIn('addition').length === 2);
      await nextTurn();
      expect([outcomes, transport.published.length]).toEqual([[], 2]);
      transport.releaseConfirms();
      await until(() => outcomes.length === 3);
      expect(outcomes).toEqual(['a', 'b', 'c']);
    });

    it('holds messages while the broker blocks', async () => {
      await transport.declare(topology);
      const publisher = transport.publisher({ confirm: true });
      transport.setBlocked(true);
      const published = publisher.publish(message('addition'));
      await nextTurn();
      expect([publisher.isReady, transport.published.length]).toEqual([false, 0]);
      transport.setBlocked(false);
      await published;
    });

    it('fails as the spec rules', async () => {
      await transport.declare(topology);
      const publisher = transport.publisher({ confirm: true });
      transport.refusePublishes(({ body }) =>
        body.toString() === 'bad' ? new OperationalError('ERR_PUBLISH_REFUSED', 'nack') : undefined,
      );
      await expect(publisher.publish(message('addition', 'bad'))).rejects.toThrow('nack');
      await publisher.publish(message('addition', 'good'));
      expect(transport.published).toHaveLength(1);
    });

    it.each([
      ['ERR_PUBLISH_TOO_LARGE', { maxBodyBytes: 3 }, {}],
      ['ERR_PUBLISH_REFUSED', {}, { headers: { fn: () => 1 } }],
    ] as const)('refuses with %s', async (code, options, overrides) => {
      const publisher = transport.publisher({ confirm: true, ...options });
      await expect(publisher.publish(message('addition', 'body', overrides))).rejects.toMatchObject({ code });
    });

    it('times out, and the broker may have the message', async () => {
      await transport.declare(topology);
      const publisher = transport.publisher({ confirm: true, timeoutMs: 5 });
      transport.holdConfirms();
      await expect(publisher.publish(message('addition'))).rejects.toMatchObject({
        code: 'ERR_PUBLISH_TIMEOUT',
      });
      expect(transport.messagesIn('addition')).toHaveLength(1);
    });

    it('waits at the close for confirms, then fails the rest', async () => {
      await transport.declare(topology);
      const [drained, stuck] = [
        transport.publisher({ confirm: true }),
        transport.publisher({ confirm: true }),
      ];
      const first = drained.publish(message('addition'));
      await drained.close();
      await first;
      transport.holdConfirms();
      const second = expect(stuck.publish(message('addition'))).rejects.toMatchObject({
        code: 'ERR_CONNECTION_CLOSED',
      });
      await stuck.close({ drainMs: 1 });
      await second;
      await expect(stuck.publish(message('addition'))).rejects.toMatchObject({
        code: 'ERR_CONNECTION_CLOSED',
      });
    });

    it('reports an unconfirmed publish as done at once, and close() lets it arrive', async () => {
      await transport.declare(topology);
      const publisher = transport.publisher({ confirm: false });
      const onPublished = jest.fn();
      publisher.send(message('addition'), onPublished);
      expect(onPublished).toHaveBeenCalledWith(undefined);
      await publisher.close();
      expect(transport.messagesIn('addition')).toHaveLength(1);
    });
  });

  it('takes nothing new once it is closed', async () => {
    await transport.close();
    expect(() => transport.publisher({ confirm: true })).toThrow('closed');
    expect(transport.isConnected).toBe(false);
  });

  it('connects transports that share a broker', async () => {
    const broker = new InMemoryBroker();
    const [worker, client] = [new InMemoryTransport({ broker }), new InMemoryTransport({ broker })];
    const { deliveries } = await consumeAll(worker);
    await client.publisher({ confirm: true }).publish(message('addition'));
    await until(() => deliveries.length === 1);
    await Promise.all([worker.close(), client.close()]);
  });
});

describe('matchesTopic', () => {
  it.each([
    ['', '', true],
    ['#', '', true],
    ['#', 'a.b', true],
    ['*', 'a', true],
    ['*', '', false],
    ['*', 'a.b', false],
    ['a.#.d', 'a.d', true],
    ['a.#.d', 'a.b.c.d', true],
    ['a.*.d', 'a.d', false],
    ['#.b', 'a.b', true],
    ['a', 'b', false],
  ])('%j and the key %j: %j', (pattern, key, expected) => {
    expect(matchesTopic(pattern, key)).toBe(expected);
  });

  describe('paused', () => {
    it('takes nothing until it is resumed, with another prefetch count', async () => {
      const transport = new InMemoryTransport();
      const { consumer, deliveries } = await consumeAll(transport);
      consumer.pause();
      expect([consumer.isConsuming, consumer.isPaused('addition')]).toEqual([false, true]);
      for (let count = 0; count < 3; count++) transport.put('addition', message('addition'));
      for (let turn = 0; turn < 5; turn++) await nextTurn();
      expect(deliveries).toHaveLength(0);
      consumer.resume(2);
      await consumer.whenConsuming();
      await until(() => deliveries.length === 2);
      deliveries[0]?.ack();
      await until(() => deliveries.length === 3);
      await transport.close();
    });

    it('counts only what the new consumer was given, as a broker does', async () => {
      const transport = new InMemoryTransport();
      const { consumer, deliveries } = await consumeAll(transport, 1);
      for (let count = 0; count < 2; count++) transport.put('addition', message('addition'));
      await until(() => deliveries.length === 1);
      consumer.pause();
      consumer.resume(1);
      await until(() => deliveries.length === 2);
      await transport.close();
    });
  });
});
