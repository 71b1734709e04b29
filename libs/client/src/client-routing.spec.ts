import type { Topology } from '@celeriac/amqp-transport';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import {
  broadcastQueue,
  directQueue,
  openTaskMessage,
  QueueNotFoundError,
  type TaskQueue,
} from '@celeriac/protocol';
import { loadVectors } from '@celeriac/testing';
import type { ApplyOptions } from './apply-options.ts';
import type { ClientOptions } from './client-options.ts';
import type { Client } from './client.ts';
import { inMemoryClient } from './testing/in-memory-client.ts';
import { mathTasks } from './testing/math-tasks.ts';

const quorum: TaskQueue = {
  name: 'quorumq',
  exchange: 'quorumx',
  exchangeType: 'topic',
  queueType: 'quorum',
};
const topic: TaskQueue = {
  name: 'topicq',
  exchange: 'topicx',
  exchangeType: 'topic',
  routingKey: 'task.default',
};

describe('where a client sends tasks', () => {
  const clients: Client[] = [];

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  function create(options: Partial<ClientOptions> = {}) {
    const transport = new InMemoryTransport();
    const declare = jest.spyOn(transport, 'declare');
    const created = inMemoryClient({ ...options, transport });
    clients.push(created.client);
    const declared = (): Topology[] => declare.mock.calls.map(([topology]) => topology);
    return { ...created, declared };
  }

  describe('beside the recorded messages of Celery', () => {
    const { cases } = loadVectors('task-messages');

    it.each<[recording: string, options: Partial<ClientOptions>, call: ApplyOptions]>([
      ['topic_exchange', { taskQueues: [topic], taskDefaultQueue: 'topicq' }, {}],
      ['explicit_exchange_rk', {}, { exchange: 'celery', routingKey: 'celery' }],
      ['quorum_queue', { taskQueues: [quorum], taskDefaultQueue: 'quorumq' }, {}],
      ['quorum_queue_countdown', { taskQueues: [quorum], taskDefaultQueue: 'quorumq' }, { countdown: 10 }],
      ['queue_max_priority', { taskDefaultQueue: 'prio10', taskQueueMaxPriority: 10 }, { priority: 7 }],
    ])('publishes %s where Python does', async (recording, options, call) => {
      const message = cases.find(({ name }) => name === recording)?.messages?.[0];
      const { client, transport, lastPublished } = create(options);
      await transport.declare({
        exchanges: [{ name: 'celery', type: 'direct', durable: true, autoDelete: false }],
        queues: [{ name: 'celery', durable: true, exclusive: false, autoDelete: false }],
        bindings: [{ queue: 'celery', exchange: 'celery', routingKey: 'celery' }],
      });
      await client.sendTask('tasks.add', [2, 3], {}, call);
      const { exchange, routingKey, properties, headers } = lastPublished();
      expect([exchange, routingKey]).toEqual([message?.exchange, message?.routing_key]);
      expect(properties.priority).toBe(message?.properties['priority']);
      expect(headers['eta'] === null).toBe(message?.headers?.['eta'] === null);
    });
  });

  describe('by task_routes', () => {
    it('goes by what the call says, then the route, then the holder, then the default', async () => {
      const { client, lastPublished } = create({
        holders: [mathTasks],
        taskRoutes: [{ 'math.*': { queue: 'routed', priority: 4 } }, [[/^feed\./, 'feeds']]],
        taskDefaultPriority: 2,
      });
      const sent = async (name: string, options: ApplyOptions = {}): Promise<unknown> => {
        await client.sendTask(name, [], {}, options);
        return [lastPublished().routingKey, lastPublished().properties.priority];
      };
      expect(await sent('math.add')).toEqual(['routed', 4]);
      expect(await sent('math.add', { queue: 'given' })).toEqual(['given', 4]);
      expect(await sent('math.add', { priority: 9 })).toEqual(['routed', 9]);
      expect(await sent('greet')).toEqual(['math', 2]);
      expect(await sent('feed.import')).toEqual(['feeds', 2]);
      expect(await sent('other')).toEqual(['celery', 2]);
      const { add, greet } = client.tasks(mathTasks);
      await add.delay(7, 2);
      expect(lastPublished().routingKey).toBe('routed');
      await greet.delay('you');
      expect(lastPublished().routingKey).toBe('math');
    });

    it('hands functions the arguments', async () => {
      const { client, lastPublished } = create({
        taskRoutes: (_name, [tenant]) => (typeof tenant === 'string' ? `of-${tenant}` : undefined),
      });
      await client.sendTask('add', ['acme']);
      expect(lastPublished().routingKey).toBe('of-acme');
      await client.sendTask('add', [1]);
      expect(lastPublished().routingKey).toBe('celery');
    });

    it('refuses what a route gives that no call may give', async () => {
      const { client, transport } = create({ taskRoutes: { add: { priority: 300 } } });
      await expect(client.sendTask('add')).rejects.toThrow('ApplyOptions.priority must be');
      expect(transport.published).toEqual([]);
    });
  });

  describe('to queues', () => {
    it('publishes to the exchange of a topic queue, once it is declared with it', async () => {
      const { client, transport, declared } = create({ taskQueues: [topic] });
      await client.sendTask('add', [], {}, { queue: 'topicq' });
      await client.sendTask('add', [], {}, { queue: 'topicq' });
      expect(transport.messagesIn('topicq')).toHaveLength(2);
      expect(declared()).toHaveLength(1);
    });

    it('takes the definition of a queue with the call', async () => {
      const { client, transport, lastPublished } = create();
      await client.sendTask('add', [], {}, { queue: directQueue('w1@host') });
      expect([lastPublished().exchange, lastPublished().routingKey]).toEqual(['', 'w1@host.dq2']);
      expect(transport.messagesIn('w1@host.dq2')).toHaveLength(1);
    });

    it('declares again what was deleted, and sends again', async () => {
      const { client, transport } = create({ taskQueues: [topic] });
      await client.sendTask('add', [], {}, { queue: 'topicq' });
      transport.broker.deleteQueue('topicq');
      await client.sendTask('add', [], {}, { queue: 'topicq' });
      expect(transport.messagesIn('topicq')).toHaveLength(1);
    });

    it('publishes to exchange and key without declaring anything, and says when nobody is there', async () => {
      const { client, transport, declared } = create();
      const call = { exchange: 'amq.topic', routingKey: 'a.b' };
      await expect(client.sendTask('add', [], {}, call)).rejects.toMatchObject({
        code: 'ERR_PUBLISH_UNROUTABLE',
      });
      expect(transport.published).toHaveLength(1);
      expect(declared()).toEqual([{ exchanges: [], queues: [], bindings: [] }]);
    });

    it('broadcasts by the name of the exchange, also where nobody listens', async () => {
      const { client, transport, lastPublished } = create({ taskQueues: [broadcastQueue('reload')] });
      await client.sendTask('reload_cache', [], {}, { queue: 'reload' });
      expect([lastPublished().exchange, transport.broker.queueNames.length]).toEqual(['reload', 1]); // the reply queue
    });

    it('creates missing queues of the type that is set, with the highest priority', async () => {
      const { client, declared } = create({ taskQueueMaxPriority: 10, taskDefaultQueueType: 'quorum' });
      await client.sendTask('add');
      await client.sendTask('add', [], {}, { queue: 'other' });
      expect(declared().flatMap(({ queues }) => queues)).toMatchObject([
        { name: 'celery', arguments: { 'x-queue-type': 'quorum' } },
        { name: 'other', arguments: { 'x-max-priority': 10 } },
      ]);
    });

    it('refuses missing queues where none may be created, and knows those of its holders', async () => {
      const { client, lastPublished } = create({
        holders: [mathTasks],
        taskQueues: ['known'],
        taskCreateMissingQueues: false,
      });
      const sending = client.sendTask('add', [], {}, { queue: 'unknown' });
      await expect(sending).rejects.toThrow(QueueNotFoundError);
      await expect(sending).rejects.toThrow('queue unknown is not among task_queues (known: known, math)');
      await client.sendTask('math.add');
      expect(lastPublished().routingKey).toBe('math');
    });

    it('declares its queues ahead: those that are defined and those of its holders', async () => {
      const { client, declared } = create({
        holders: [mathTasks],
        taskQueues: [topic, broadcastQueue('reload')],
      });
      await client.declareQueues();
      expect(declared().flatMap(({ queues }) => queues.map(({ name }) => name))).toEqual(['topicq', 'math']);
      expect(declared().flatMap(({ exchanges }) => exchanges.map(({ name }) => name))).toEqual([
        'topicx',
        'reload',
        'math',
      ]);
    });
  });

  describe('with a delay that the broker keeps', () => {
    it('declares the delays before the first such call, and keeps the eta', async () => {
      const { client, transport, declared, lastPublished } = create({ taskQueues: [quorum] });
      const send = (countdown: number) =>
        client.sendTask('add', [], {}, { queue: 'quorumq', countdown, taskId: `in-${countdown}` });
      await send(0.5);
      expect(lastPublished().exchange).toBe('quorumx');
      expect(declared()).toHaveLength(1);
      await send(6.5);
      await send(4);
      expect(declared()).toHaveLength(2);
      const { exchange, properties, headers, body } = lastPublished();
      expect(exchange).toBe('celery_delayed_27');
      expect(openTaskMessage({ properties, headers, body }).readRequest().eta).toBeInstanceOf(Date);
      // where the broker keeps them first: 4 s and more
      expect(
        transport.messagesIn('celery_delayed_2').map(({ properties: { correlationId } }) => correlationId),
      ).toEqual(['in-6.5', 'in-4']);
    });

    it('declares them again when they are gone', async () => {
      const { client, transport, declared } = create({ taskQueues: [quorum] });
      const send = () => client.sendTask('add', [], {}, { queue: 'quorumq', countdown: 4 });
      await send();
      transport.broker.deleteQueue('celery_delayed_2');
      await send();
      expect(transport.messagesIn('celery_delayed_2')).toHaveLength(1);
      expect(declared()).toHaveLength(2);
    });

    it('binds the task queue to where delays end', async () => {
      const { client, transport } = create({ taskQueues: [quorum] });
      await client.sendTask('add', [], {}, { queue: 'quorumq', countdown: 5 });
      const delayed = transport.messagesIn('celery_delayed_2')[0];
      expect(delayed).toBeDefined();
      if (delayed !== undefined) transport.broker.route({ ...delayed, exchange: 'celery_delayed_delivery' });
      expect(transport.messagesIn('quorumq')).toHaveLength(1);
    });

    it('refuses what the broker cannot keep for so long, before anything is sent', async () => {
      const { client, transport } = create({ taskQueues: [quorum] });
      const sending = client.sendTask('add', [], {}, { queue: 'quorumq', countdown: 2 ** 28 });
      await expect(sending).rejects.toThrow('a delay must be at most 268435455 s');
      expect(transport.published).toEqual([]);
    });
  });

  it('writes bodies as the call says, else as is set', async () => {
    const { client, lastPublished } = create({ taskSerializer: 'yaml', taskCompression: 'gzip' });
    await client.sendTask('add', [1]);
    expect(lastPublished()).toMatchObject({
      properties: { contentType: 'application/x-yaml' },
      headers: { compression: 'application/x-gzip' },
    });
    await client.sendTask('add', [1], {}, { serializer: 'msgpack', compression: 'brotli' });
    expect(lastPublished()).toMatchObject({
      properties: { contentType: 'application/x-msgpack' },
      headers: { compression: 'application/x-brotli' },
    });
  });
});
