import {
  AmqpTransport,
  type Delivery,
  type MessageConsumer,
  type MessagePublisher,
  type Topology,
} from '@celeriac/amqp-transport';
import {
  broadcastQueue,
  delayedDeliveryBindingForQueue,
  delayedDeliveryTopology,
  delayedRouteToQueue,
  joinTopologies,
  originalRoutingKey,
  taskQueueTopology,
  type TaskQueue,
} from '@celeriac/protocol';
import { until } from '@celeriac/testing';
import { randomUUID } from 'node:crypto';
import type { ClientOptions } from './client-options.ts';
import { Client } from './client.ts';
import { deleteQueues, queueExists } from './testing/test-broker.ts';

const brokerUrl = String(process.env['CELERIAC_TEST_BROKER_URL']);
const slow = { timeoutMs: 30_000 };

describe('queues of every kind at a RabbitMQ', () => {
  const prefix = `queues-spec-${randomUUID()}`;
  const made = new Set<string>();
  let transport: AmqpTransport;
  let client: Client;
  let consumers: MessageConsumer[];
  let publisher: MessagePublisher | undefined;

  beforeEach(() => {
    transport = new AmqpTransport({ brokerUrl, name: 'queues spec' });
    consumers = [];
    publisher = undefined;
  });

  afterEach(async () => {
    await client.close();
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await publisher?.close();
    await transport.close();
  });

  afterAll(async () => {
    for (const queue of made) if (await queueExists(brokerUrl, queue)) await deleteQueues(brokerUrl, [queue]);
  });

  /** Declares as another program would. */
  async function declare(topology: Topology): Promise<void> {
    publisher ??= transport.publisher({ confirm: true }); // it is what connects
    await until(() => transport.isConnected, slow);
    await transport.declare(topology);
  }

  /** A name of this spec's own. */
  function own(name: string): string {
    return `${prefix}-${name}`;
  }

  async function connect(options: Partial<ClientOptions>): Promise<void> {
    client = await Client.connect({ brokerUrl, resultBackend: 'disabled://', ...options });
    for (const queue of options.taskQueues ?? []) {
      const { name, broadcast } = typeof queue === 'string' ? { name: queue, broadcast: false } : queue;
      if (broadcast !== true) made.add(name);
    }
  }

  async function consume(queue: string, topology: Topology, prefetchCount = 0): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    const onDelivery = (delivery: Delivery): unknown => deliveries.push(delivery);
    const consumer = transport.consume({ queues: [queue], topology, prefetchCount, onDelivery });
    consumers.push(consumer);
    await consumer.whenConsuming();
    return deliveries;
  }

  const consumeTasks = (queue: TaskQueue, prefetchCount = 0) =>
    consume(queue.name, taskQueueTopology([queue]), prefetchCount);

  const send = (queue: string, taskId: string, options: object = {}) =>
    client.sendTask('add', [], {}, { queue, taskId, ...options });

  const ids = (deliveries: readonly Delivery[]) => deliveries.map(({ headers }) => headers['id']);

  it('routes by topic', async () => {
    const exchange = own('topic');
    const queueOf = (name: string, routingKey: string): TaskQueue => ({
      name: own(name),
      exchange,
      exchangeType: 'topic',
      routingKey,
    });
    const [all, urgent] = [queueOf('all', 'task.#'), queueOf('urgent', 'task.urgent')];
    await connect({ taskQueues: [all, urgent] });
    const [ofAll, ofUrgent] = [await consumeTasks(all), await consumeTasks(urgent)];
    await send(own('all'), 'one', { routingKey: 'task.other' });
    await send(own('urgent'), 'two');
    await until(() => ofAll.length === 2 && ofUrgent.length === 1, slow);
    expect([ids(ofAll), ids(ofUrgent)]).toEqual([['one', 'two'], ['two']]);
    await expect(send(own('all'), 'three', { routingKey: 'nobody.listens' })).rejects.toMatchObject({
      code: 'ERR_PUBLISH_UNROUTABLE',
    });
  });

  it('routes by headers', async () => {
    const queue: TaskQueue = {
      name: own('headers'),
      exchangeType: 'headers',
      bindingArguments: { 'x-match': 'all', tenant: 'acme' },
    };
    await connect({ taskQueues: [queue] });
    const deliveries = await consumeTasks(queue);
    await send(queue.name, 'one', { headers: { tenant: 'acme' } });
    await until(() => deliveries.length === 1, slow);
  });

  it('broadcasts to every consumer, and to nobody without an error', async () => {
    const name = own('broadcast');
    await connect({ taskQueues: [broadcastQueue(name)] });
    await send(name, 'nobody');
    const [one, two] = [await consumeTasks(broadcastQueue(name)), await consumeTasks(broadcastQueue(name))];
    await send(name, 'all');
    await until(() => one.length === 1 && two.length === 1, slow);
    expect([ids(one), ids(two)]).toEqual([['all'], ['all']]);
  });

  it('gives out by priority', async () => {
    const queue: TaskQueue = { name: own('priority'), maxPriority: 10 };
    await connect({ taskQueues: [queue] });
    for (const priority of [1, 9, 5, 0, 10]) await send(queue.name, `p${priority}`, { priority });
    const deliveries = await consumeTasks(queue, 1);
    for (let count = 1; count <= 5; count++) {
      await until(() => deliveries.length === count, slow);
      deliveries[count - 1]?.ack();
    }
    expect(ids(deliveries)).toEqual(['p10', 'p9', 'p5', 'p1', 'p0']);
  });

  it('hands over to the dead-letter exchange what nobody took in time', async () => {
    const dead: TaskQueue = { name: own('dead') };
    const mortal: TaskQueue = {
      name: own('mortal'),
      messageTtl: 0.05,
      queueArguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead.name },
    };
    await connect({ taskQueues: [mortal, dead] });
    const deliveries = await consumeTasks(dead);
    await send(mortal.name, 'late');
    await until(() => deliveries.length === 1, slow);
    expect(deliveries[0]?.headers).toMatchObject({
      id: 'late',
      'x-first-death-queue': mortal.name,
      'x-first-death-reason': 'expired',
    });
  });

  it('drops the oldest beyond the longest length', async () => {
    const queue: TaskQueue = { name: own('short'), maxLength: 2 };
    await connect({ taskQueues: [queue] });
    for (const id of ['one', 'two', 'three']) await send(queue.name, id);
    const deliveries = await consumeTasks(queue);
    await until(() => deliveries.length === 2, slow);
    expect(ids(deliveries)).toEqual(['two', 'three']);
  });

  it('declares a queue as Python would, or is told that it differs', async () => {
    const name = own('differs');
    await connect({ taskQueues: [{ name, maxPriority: 10 }] });
    await send(name, 'one');
    await expect(declare(taskQueueTopology([name]))).rejects.toMatchObject({ replyCode: 406 });
    await declare(taskQueueTopology([{ name, queueArguments: { 'x-max-priority': 10 } }]));
  });

  describe('quorum queues', () => {
    const quorumQueue = (name: string): TaskQueue => ({
      name: own(name),
      exchangeType: 'topic',
      queueType: 'quorum',
    });

    it('limit each consumer by its own prefetch count', async () => {
      const queue = quorumQueue('qos');
      await connect({ taskQueues: [queue] });
      for (let at = 0; at < 10; at++) await send(queue.name, `${at}`);
      const one = await consumeTasks(queue, 3);
      await until(() => one.length === 3, slow);
      const two = await consumeTasks(queue, 2);
      await until(() => two.length === 2, slow);
      expect([one.length, two.length]).toEqual([3, 2]);
      one[0]?.ack();
      await until(() => one.length === 4, slow);
      expect(two).toHaveLength(2);
    });

    it('keep delayed messages at the broker until they are due', async () => {
      const queue = quorumQueue('delayed');
      await connect({ taskQueues: [queue] });
      const deliveries = await consumeTasks(queue);
      const sentAt = Date.now();
      const arrivedAt = new Map<unknown, number>();
      await Promise.all([3, 1, 2].map((countdown) => send(queue.name, `in ${countdown}`, { countdown })));
      await send(queue.name, 'at once', { countdown: 0.5 });
      await until(() => {
        for (const id of ids(deliveries)) if (!arrivedAt.has(id)) arrivedAt.set(id, Date.now() - sentAt);
        return deliveries.length === 4;
      }, slow);
      expect(ids(deliveries)).toEqual(['at once', 'in 1', 'in 2', 'in 3']);
      for (const seconds of [1, 2, 3])
        expect(arrivedAt.get(`in ${seconds}`)).toBeGreaterThanOrEqual(seconds * 1000);
      const last = deliveries[3];
      expect(last).toMatchObject({ exchange: 'celery_delayed_delivery', queue: queue.name });
      expect(originalRoutingKey(last?.routingKey ?? '')).toBe(queue.name);
      const deaths = last?.headers['x-death'] as readonly Readonly<Record<string, unknown>>[];
      expect(deaths.map((death) => [death['queue'], death['reason']])).toEqual([
        ['celery_delayed_0', 'expired'],
        ['celery_delayed_1', 'expired'],
      ]);
    });

    it('get what is delayed for one queue, and no other queue does', async () => {
      const queue: TaskQueue = { name: own('direct'), queueType: 'quorum' };
      const alike: TaskQueue = { name: `x.${queue.name}`, queueType: 'quorum' };
      await connect({ taskQueues: [queue, alike] });
      const topologyOf = ({ name }: TaskQueue) => delayedDeliveryBindingForQueue(name);
      await declare(delayedDeliveryTopology('quorum'));
      const [mine, others] = [
        await consume(queue.name, joinTopologies([taskQueueTopology([queue]), topologyOf(queue)])),
        await consume(alike.name, joinTopologies([taskQueueTopology([alike]), topologyOf(alike)])),
      ];
      for (const { name } of [queue, alike]) {
        const route = delayedRouteToQueue(1000, name);
        if (route === undefined) throw new Error('a delay of a second has a route');
        const headers = { id: name };
        const message = { ...route, properties: {}, headers, body: Buffer.alloc(0), mandatory: true };
        await publisher?.publish(message);
      }
      await until(() => mine.length > 0 && others.length > 0, slow);
      expect([ids(mine), ids(others)]).toEqual([[queue.name], [alike.name]]);
      expect(originalRoutingKey(mine[0]?.routingKey ?? '')).toBe(queue.name);
    });
  });
});
