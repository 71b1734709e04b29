import { Client } from '@celeriac/client';
import { waitUntil } from '@celeriac/local-stack';
import { bound, defineHolder, implement, plainTask } from '@celeriac/task-registry';
import { encodeTaskMessage } from '@celeriac/protocol';
import { until } from '@celeriac/testing';
import { createWorkerFrom } from '@celeriac/worker';
import { connect, type Channel, type ChannelModel, type Options } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { openRestrictedBroker, type RestrictedBroker } from './testing/restricted-broker.ts';

jest.setTimeout(120_000);

// what the virtual host makes of every queue on RabbitMQ 4, older ones are told
const quorum = { taskDefaultQueueType: 'quorum' } as const;

const additions = defineHolder('addition', { add: plainTask(), flaky: plainTask(), fail: plainTask() });
const subtractions = defineHolder('subtraction', { subtract: plainTask() });
const holders = [additions, subtractions];

const additionTasks = implement(additions, {
  add: (x: number, y: number) => x + y,
  flaky: bound((context) => (context.request.retries === 0 ? context.retry({ countdown: 0 }) : 'at last')),
  fail: () => {
    throw new RangeError('too much');
  },
});
const subtractionTasks = implement(subtractions, { subtract: (x: number, y: number) => x - y });

describe('the users of the stack', () => {
  let restricted: RestrictedBroker;
  const connections: ChannelModel[] = [];

  beforeAll(async () => {
    restricted = await openRestrictedBroker();
  });

  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
  });

  afterAll(async () => {
    await restricted.close();
  });

  /** A new channel of a user; one that the broker closes rejects what is asked of it. */
  async function channelOf(user: string): Promise<Channel> {
    const connection = await connect(await restricted.url(user));
    connections.push(connection);
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    return channel;
  }

  describe('with a worker of addition, one of subtraction, and a caller', () => {
    let workers: { stop(): Promise<unknown> }[] = [];
    const clients: Client[] = [];

    beforeAll(async () => {
      const settings = { ...quorum, workerConcurrency: 2, workerPrefetchMultiplier: 2 };
      const addition = createWorkerFrom(additionTasks, {
        ...settings,
        brokerUrl: await restricted.url('addition'),
        workerSendTaskEvents: true,
      }).app;
      const subtraction = createWorkerFrom(subtractionTasks, {
        ...settings,
        brokerUrl: await restricted.url('subtraction'),
      }).app;
      workers = [addition, subtraction];
      await Promise.all([addition.start(), subtraction.start()]);
    });

    afterAll(async () => {
      await Promise.all(clients.map((client) => client.close()));
      await Promise.all(workers.map((worker) => worker.stop()));
    });

    async function clientOf(user: string): Promise<Client> {
      const client = await Client.connect({ brokerUrl: await restricted.url(user), holders, failFast: true });
      clients.push(client);
      return client;
    }

    it.each(['producer', 'caller'])('answers %s: results, failures and retries', async (user) => {
      const client = await clientOf(user);
      await client.declareQueues(); // nothing that it may declare
      const get = async (name: string, args: readonly unknown[]): Promise<unknown> =>
        (await client.sendTask(name, args)).get({ timeoutMs: 30_000 });
      expect(await get('add', [7, 2])).toBe(9);
      expect(await get('subtract', [7, 2])).toBe(5);
      expect(await get('flaky', [])).toBe('at last');
      await expect(get('fail', [])).rejects.toThrow('too much');
    });

    it('runs the rest of a chain in the queue of another worker', async () => {
      const channel = await channelOf('producer');
      const { queue: replyTo } = await channel.assertQueue(randomUUID(), { exclusive: true });
      const next = { task: 'subtract', args: [4], kwargs: {}, subtask_type: null, immutable: false };
      const options = { queue: 'subtraction', task_id: randomUUID(), reply_to: replyTo };
      const { body, headers, properties } = encodeTaskMessage({
        name: 'add',
        id: randomUUID(),
        args: [7, 2],
        kwargs: {},
        embed: { chain: [{ ...next, options }] },
        origin: 'spec@host',
        replyTo,
      });
      const states: unknown[] = [];
      await channel.consume(replyTo, (message) => states.push(JSON.parse(String(message?.content))));
      channel.publish('', 'addition', body, { ...properties, headers } as Options.Publish);
      await until(() => states.length === 2, { timeoutMs: 20_000 });
      expect(states).toMatchObject([{ result: 9 }, { result: 5, task_id: options.task_id }]);
    });

    it('hands etas beyond its limit to the queues of delays, and gets them back', async () => {
      const client = await clientOf('producer');
      const calls = Array.from({ length: 12 }, (_, at) =>
        client.sendTask('add', [at, 1], {}, { countdown: 3 }),
      );
      const operator = await channelOf('operator');
      const delayed = async (): Promise<number> => {
        const levels = await Promise.all(
          [0, 1].map((level) => operator.checkQueue(`celery_delayed_${level}`)),
        );
        return levels.reduce((sum, { messageCount }) => sum + messageCount, 0);
      };
      await waitUntil(async () => (await delayed()) > 0, { what: 'calls are delayed', timeoutMs: 20_000 });
      const results = await Promise.all(calls);
      const sums = await Promise.all(results.map((result) => result.get({ timeoutMs: 30_000 })));
      expect(sums).toEqual(results.map((_, at) => at + 1));
    });

    it('sends events that monitoring receives', async () => {
      const channel = await channelOf('monitoring');
      await channel.assertExchange('celeryev', 'topic');
      const { queue } = await channel.assertQueue('celeryev.spec', { exclusive: true });
      await channel.bindQueue(queue, 'celeryev', '#');
      let isReceived = false;
      await channel.consume(queue, () => (isReceived = true), { noAck: true });
      const client = await clientOf('caller');
      await (await client.sendTask('add', [1, 1])).get({ timeoutMs: 30_000 });
      await until(() => isReceived, { timeoutMs: 20_000 });
    });
  });

  const uuid = '0b2b8a4e-5f7c-4d0e-9a57-0d5f3f1c2b6a';

  it.each<[string, string, (channel: Channel) => Promise<unknown>]>([
    ['addition', 'consumes from the queue of another', (c) => c.consume('subtraction', () => undefined)],
    ['addition', 'gets from the queue of another', (c) => c.get('subtraction')],
    ['addition', 'purges the queue of another', (c) => c.purgeQueue('subtraction')],
    ['addition', 'deletes the queue of another', (c) => c.deleteQueue('subtraction')],
    ['addition', 'binds the queue of another', (c) => c.bindQueue('subtraction', 'addition', 'x')],
    ['addition', 'copies the calls of another', (c) => c.bindQueue('addition', 'subtraction', 'subtraction')],
    ['addition', 'copies the delayed calls', (c) => c.bindQueue('addition', 'celery_delayed_delivery', '#')],
    ['addition', 'reads delayed calls', (c) => c.get('celery_delayed_3')],
    ['addition', 'deletes an exchange of delays', (c) => c.deleteExchange('celery_delayed_3')],
    ['addition', 'reads dead letters', (c) => c.get('dead-letters')],
    ['addition', 'reads events', (c) => c.bindQueue('addition', 'celeryev', '#')],
    ['addition', 'declares a queue of replies', (c) => c.assertQueue(uuid)],
    ['addition', 'declares any other queue', (c) => c.assertQueue('mine')],
    ['producer', 'consumes from a task queue', (c) => c.consume('addition', () => undefined)],
    ['producer', 'gets from a task queue', (c) => c.get('division')],
    ['producer', 'purges a task queue', (c) => c.purgeQueue('addition')],
    [
      'producer',
      'copies calls to its reply queue',
      (c) => c.assertQueue(uuid).then(() => c.bindQueue(uuid, 'addition', 'addition')),
    ],
    ['producer', 'reads dead letters', (c) => c.get('dead-letters')],
    ['producer', 'receives events', (c) => c.assertExchange('celeryev', 'topic')],
    ['caller', 'consumes from a task queue', (c) => c.consume('addition', () => undefined)],
    ['caller', 'deletes a task queue', (c) => c.deleteQueue('addition')],
    ['monitoring', 'consumes from a task queue', (c) => c.consume('addition', () => undefined)],
    ['monitoring', 'reads a reply', (c) => c.get(uuid)],
  ])('refuses what %s has no business with: it %s', async (user, _, attempt) => {
    const channel = await channelOf(user);
    await expect(attempt(channel)).rejects.toThrow('ACCESS_REFUSED');
  });

  it('refuses what monitoring publishes', async () => {
    const channel = await channelOf('monitoring');
    const closed = new Promise<Error>((resolve) => channel.once('error', resolve));
    channel.publish('', 'addition', Buffer.from('[]'));
    expect((await closed).message).toContain('ACCESS_REFUSED');
  });

  it('are let in by their own passwords alone', async () => {
    const other = new URL(await restricted.url('subtraction'));
    other.username = 'addition';
    await expect(connect(other.href)).rejects.toThrow('403');
  });
});
