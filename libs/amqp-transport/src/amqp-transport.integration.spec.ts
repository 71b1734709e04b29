import { FaultProxy, until } from '@celeriac/testing';
import { connect } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { AmqpTransport } from './amqp-transport.ts';
import { parseBrokerUrls } from './broker-url.ts';
import type { Delivery } from './delivery.ts';
import type { ConsumeOptions, MessageConsumer } from './message-consumer.ts';
import type { MessagePublisher, PublisherOptions, PublishMessage } from './message-publisher.ts';
import type { QueueDeclaration, Topology } from './topology.ts';

function brokerUrl(): string {
  const url = process.env['CELERIAC_TEST_BROKER_URL'];
  if (url === undefined)
    throw new Error(
      'CELERIAC_TEST_BROKER_URL is unset; run `npm test`, or give an amqp:// URL of a RabbitMQ',
    );
  return url;
}

describe('AmqpTransport with a RabbitMQ', () => {
  /** The queue of the test. */
  let queue: string;
  let proxy: FaultProxy;
  let transport: AmqpTransport;
  let consumers: MessageConsumer[];
  let publishers: MessagePublisher[];
  let deliveries: Delivery[];
  /** Everything declared, to be deleted at the end. */
  let declared: string[];

  beforeEach(async () => {
    const [address] = parseBrokerUrls(brokerUrl());
    proxy = await FaultProxy.listen({ host: address.hostname, port: address.port });
    const throughProxy = new URL(brokerUrl());
    throughProxy.host = `127.0.0.1:${proxy.port}`;
    transport = new AmqpTransport({ brokerUrl: throughProxy.href, name: 'integration spec' });
    queue = `celeriac-spec-${randomUUID()}`;
    [consumers, publishers, deliveries, declared] = [[], [], [], []];
  });

  afterEach(async () => {
    proxy.restore();
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await Promise.all(publishers.map((publisher) => publisher.close({ drainMs: 0 })));
    await transport.close();
    await proxy.close();
    await withAdmin(async (channel) => {
      for (const name of declared) await channel.deleteQueue(name);
    });
  });

  /** Runs something on a plain amqplib channel, past the proxy. */
  async function withAdmin<T>(
    operation: (
      channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createChannel']>>,
    ) => Promise<T>,
  ): Promise<T> {
    const model = await connect(brokerUrl());
    try {
      return await operation(await model.createChannel());
    } finally {
      await model.close();
    }
  }

  function topology(name = queue, overrides: Partial<QueueDeclaration> = {}): Topology {
    declared.push(name);
    const declaration = { name, durable: true, exclusive: false, autoDelete: false, ...overrides };
    return { exchanges: [], queues: [declaration], bindings: [] };
  }

  async function consume(options: Partial<ConsumeOptions> = {}): Promise<MessageConsumer> {
    const consumer = transport.consume({
      queues: [queue],
      topology: topology(),
      prefetchCount: 0,
      onDelivery: (delivery) => deliveries.push(delivery),
      ...options,
    });
    consumers.push(consumer);
    await consumer.whenConsuming();
    return consumer;
  }

  function publisher(options: Partial<PublisherOptions> = {}): MessagePublisher {
    const created = transport.publisher({ confirm: true, ...options });
    publishers.push(created);
    return created;
  }

  function message(id: string, overrides: Partial<PublishMessage> = {}): PublishMessage {
    return {
      exchange: '',
      routingKey: queue,
      properties: { contentType: 'application/json', deliveryMode: 2, correlationId: id },
      headers: { id, retries: 0, eta: null },
      body: Buffer.from(JSON.stringify([[id], {}, {}])),
      mandatory: true,
      ...overrides,
    };
  }

  const ready = (name = queue) => withAdmin(async (channel) => (await channel.checkQueue(name)).messageCount);

  const idsOf = (some: readonly Delivery[]) => some.map(({ headers }) => String(headers['id']));

  it('carries a message from a publisher to a consumer, and forgets it when it is acknowledged', async () => {
    const consumer = await consume();
    const big = 2n ** 60n;
    const headers = { id: 'a', retries: 0, eta: null, big, float: 1.5, list: [1, 'two', null], yes: true };
    await publisher().publish(message('a', { headers }));
    await until(() => deliveries.length === 1);
    expect(deliveries[0]).toMatchObject({
      headers,
      properties: { contentType: 'application/json', deliveryMode: 2, correlationId: 'a' },
      routingKey: queue,
      redelivered: false,
      damage: undefined,
    });
    expect(deliveries[0]?.body.toString()).toBe('[["a"],{},{}]');
    deliveries[0]?.ack();
    await consumer.close();
    expect(await ready()).toBe(0);
  });

  it('gives back at the close what is unsettled, marked redelivered', async () => {
    const consumer = await consume();
    await publisher().publish(message('a'));
    await until(() => deliveries.length === 1);
    await consumer.close();
    await consume();
    await until(() => deliveries.length === 2);
    expect(deliveries[1]?.redelivered).toBe(true);
    deliveries[1]?.ack();
  });

  it('puts a message back with requeue', async () => {
    await consume();
    await publisher().publish(message('a'));
    await until(() => deliveries.length === 1);
    deliveries[0]?.reject({ requeue: true });
    await until(() => deliveries.length === 2);
    expect(deliveries[1]?.redelivered).toBe(true);
    deliveries[1]?.ack();
  });

  it('hands a rejected message to the dead-letter exchange of its queue', async () => {
    const graveyard = `${queue}.dead`;
    const sender = publisher();
    await until(() => transport.isConnected);
    await transport.declare(topology(graveyard));
    await consume({
      topology: topology(queue, {
        arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': graveyard },
      }),
    });
    await sender.publish(message('a'));
    await until(() => deliveries.length === 1);
    deliveries[0]?.reject({ requeue: false });
    const dead: Delivery[] = [];
    await consume({
      queues: [graveyard],
      topology: { exchanges: [], queues: [], bindings: [] },
      onDelivery: (delivery) => dead.push(delivery),
    });
    await until(() => dead.length === 1);
    expect(dead[0]?.headers).toMatchObject({ id: 'a', 'x-first-death-queue': queue });
    dead[0]?.ack();
  });

  it('settles thousands of deliveries in any order without an unknown tag', async () => {
    /** Ids of the messages that were acknowledged; one that was put back is still to come again. */
    const acknowledged = new Set<string>();
    await consume({
      prefetchCount: 100,
      onDelivery: (delivery) => {
        deliveries.push(delivery);
        const finish = (): void => {
          if (deliveries.length % 7 === 0 && !delivery.redelivered) {
            delivery.reject({ requeue: true });
            return;
          }
          delivery.ack();
          for (const id of idsOf([delivery])) acknowledged.add(id);
        };
        if (deliveries.length % 3 === 0) setTimeout(finish, deliveries.length % 5);
        else finish();
      },
    });
    const ids = Array.from({ length: 3000 }, (_each, index) => `${index}`);
    const sender = publisher();
    await Promise.all(ids.map((id) => sender.publish(message(id))));
    await until(() => acknowledged.size === ids.length, { timeoutMs: 30_000 });
    expect(deliveries.length).toBeGreaterThan(ids.length); // some came twice
    expect(deliveries.some(({ isLost }) => isLost)).toBe(false);
    await consumers[0]?.close();
    expect(await ready()).toBe(0);
  });

  it('has no more unsettled deliveries than the prefetch count of each queue', async () => {
    const other = `${queue}.other`;
    const both: Topology = {
      exchanges: [],
      queues: [...topology(queue).queues, ...topology(other).queues],
      bindings: [],
    };
    const sender = publisher();
    await until(() => transport.isConnected);
    await transport.declare(both);
    await Promise.all(
      [queue, other].flatMap((routingKey) =>
        Array.from({ length: 10 }, (_each, index) => sender.publish(message(`${index}`, { routingKey }))),
      ),
    );
    await consume({ queues: [queue, other], topology: both, prefetchCount: 3 });
    await until(() => deliveries.length === 6);
    expect([await ready(queue), await ready(other)]).toEqual([7, 7]);
    expect(deliveries).toHaveLength(6);
    for (let settled = 0; settled < 20; settled++) {
      await until(() => deliveries.length > settled);
      deliveries[settled]?.ack();
    }
    await consumers[0]?.close();
    expect([await ready(queue), await ready(other)]).toEqual([0, 0]);
  });

  it('reports a message that no queue takes, one to an unknown exchange, and lets the others through', async () => {
    await consume();
    const sender = publisher();
    const outcomes = await Promise.allSettled([
      sender.publish(message('a')),
      sender.publish(message('b', { routingKey: `${queue}.nowhere` })),
      sender.publish(message('c', { exchange: `${queue}.nowhere` })),
      sender.publish(message('d')),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'ERR_PUBLISH_UNROUTABLE', replyCode: 312 } },
      { status: 'rejected', reason: { code: 'ERR_PUBLISH_REFUSED', replyCode: 404 } },
      { status: 'fulfilled' },
    ]);
    await until(() => new Set(idsOf(deliveries)).size === 2);
    for (const delivery of deliveries) delivery.ack();
  });

  it('reports a queue that exists with other properties', async () => {
    publisher();
    await until(() => transport.isConnected);
    await transport.declare(topology());
    await expect(
      transport.declare(topology(queue, { durable: false, autoDelete: true })),
    ).rejects.toMatchObject({
      code: 'ERR_CHANNEL_CLOSED',
      replyCode: 406,
    });
    await transport.declare(topology()); // the connection is still there
  });

  it('consumes again when its queue was deleted', async () => {
    const consumer = await consume();
    await withAdmin((channel) => channel.deleteQueue(queue));
    await until(() => !consumer.isConsuming);
    await consumer.whenConsuming();
    await publisher().publish(message('a'));
    await until(() => deliveries.length === 1);
    deliveries[0]?.ack();
  });

  describe('adding and removing queues', () => {
    it('survives the loss of the connection', async () => {
      const [other, gone] = [`${queue}.other`, `${queue}.gone`];
      const consumer = await consume();
      await consumer.add(other, topology(other));
      await consumer.add(gone, topology(gone));
      const sender = publisher();
      await sender.publish(message('before', { routingKey: gone }));
      await until(() => deliveries.length === 1);
      await consumer.remove(gone);
      deliveries[0]?.ack();
      await sender.publish(message('after', { routingKey: gone }));
      proxy.partition();
      await until(() => !consumer.isConsuming);
      proxy.restore();
      await consumer.whenConsuming();
      for (const [id, routingKey] of [
        ['first', queue],
        ['other', other],
      ] as const)
        await sender.publish(message(id, { routingKey }));
      await until(() => deliveries.length === 3);
      expect(idsOf(deliveries)).toEqual(['before', 'first', 'other']);
      expect(await ready(gone)).toBe(1);
      for (const delivery of deliveries.slice(1)) delivery.ack();
    });

    it('waits for a broker that is away', async () => {
      const other = `${queue}.other`;
      const consumer = await consume();
      proxy.partition();
      await until(() => !consumer.isConsuming);
      const adding = consumer.add(other, topology(other));
      proxy.restore();
      await adding;
      await publisher().publish(message('a', { routingKey: other }));
      await until(() => deliveries.length === 1);
      deliveries[0]?.ack();
    });

    it('is refused without harm to the others', async () => {
      const other = `${queue}.other`;
      const consumer = await consume();
      await publisher().publish(message('a'));
      await until(() => deliveries.length === 1);
      await transport.declare(topology(other));
      await expect(consumer.add(other, topology(other, { durable: false }))).rejects.toMatchObject({
        code: 'ERR_CHANNEL_CLOSED',
        replyCode: 406,
      });
      const nothing: Topology = { exchanges: [], queues: [], bindings: [] };
      await expect(consumer.add(`${queue}.missing`, nothing)).rejects.toMatchObject({ replyCode: 404 });
      const model = await connect(brokerUrl());
      const exclusive = `${queue}.exclusive`;
      await (await model.createChannel()).assertQueue(exclusive, { exclusive: true });
      await expect(consumer.add(exclusive, nothing)).rejects.toMatchObject({ replyCode: 405 });
      await model.close();
      expect([consumer.isConsuming, deliveries[0]?.isLost]).toEqual([true, false]);
      deliveries[0]?.ack();
      await consumer.close();
      expect(await ready()).toBe(0);
    });

    it('takes typed arguments that RabbitMQ understands', async () => {
      const other = `${queue}.typed`;
      const consumer = await consume();
      const argumentsOf = {
        'x-message-ttl': 134_217_728_000,
        'x-max-priority': 5,
        'x-overflow': 'drop-head',
      };
      await consumer.add(other, topology(other, { arguments: argumentsOf }));
      publisher();
      await until(() => transport.isConnected);
      await expect(transport.declare(topology(other))).rejects.toMatchObject({ replyCode: 406 });
    });
  });

  it('comes back after the connections were cut, and is not connected meanwhile', async () => {
    const consumer = await consume();
    const sender = publisher();
    await sender.publish(message('a'));
    await until(() => deliveries.length === 1);
    proxy.partition();
    await until(() => !transport.isConnected && !consumer.isConsuming);
    expect(deliveries[0]?.isLost).toBe(true);
    deliveries[0]?.ack();
    const late = sender.publish(message('b'));
    proxy.restore();
    await Promise.all([consumer.whenConsuming(), late]);
    expect(transport.isConnected).toBe(true);
    await until(() => new Set(idsOf(deliveries.slice(1))).size === 2);
    for (const delivery of deliveries.slice(1)) delivery.ack();
    await consumer.close();
    expect(await ready()).toBe(0);
  });

  it('loses none of 2,000 confirmed messages through cuts of the connections', async () => {
    const done = new Set<string>();
    await consume({
      prefetchCount: 50,
      onDelivery: (delivery) => {
        deliveries.push(delivery);
        setImmediate(() => {
          if (!delivery.isLost) done.add(String(delivery.headers['id']));
          delivery.ack();
        });
      },
    });
    const sender = publisher({ maxInFlight: 64 });
    const ids = Array.from({ length: 2000 }, (_each, index) => `${index}`);
    let confirmed = 0;
    let cuts = 0;
    const published = ids.map((id) =>
      sender.publish(message(id)).then(() => {
        if (++confirmed % 400 !== 0) return;
        cuts++;
        proxy.cut();
      }),
    );
    await Promise.all(published);
    await until(() => done.size === ids.length, { timeoutMs: 30_000 });
    expect(cuts).toBe(5);
    expect(proxy.connectionCount).toBeGreaterThan(6);
    await until(() => consumers[0]?.isConsuming === true);
    await consumers[0]?.close();
    expect(await ready()).toBe(0);
  });
});
