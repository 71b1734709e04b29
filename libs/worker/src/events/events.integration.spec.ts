import { until } from '@celeriac/testing';
import { connect, type Channel, type ChannelModel } from 'amqplib'; // eslint-disable-line no-restricted-imports -- to listen, and to delete the exchange
import { randomUUID } from 'node:crypto';
import { createWorkerFrom, type CreateWorkerOptions } from '../create-worker.ts';
import { Caller, testBrokerUrl } from '../testing/caller.ts';
import { holderOf } from '../testing/received-task.ts';
import type { Worker } from '../worker.ts';

interface Event {
  readonly type: string;
  readonly clock: number;
  readonly uuid?: string;
}

const timeoutMs = 20_000;

describe('the events of a worker, at RabbitMQ', () => {
  const exchange = `celeriac-spec-events-${randomUUID()}`;
  const queue = `celeriac-spec-${randomUUID()}`;
  let model: ChannelModel;
  let channel: Channel;
  let worker: Worker;
  let caller: Caller;
  let events: Event[];

  beforeEach(async () => {
    events = [];
    model = await connect(testBrokerUrl());
    channel = await model.createChannel();
    caller = await new Caller(testBrokerUrl()).connect();
  });

  afterEach(async () => {
    await worker.stop({ mode: 'cold' });
    await caller.close();
    await channel.deleteQueue(queue);
    await channel.deleteExchange(exchange);
    await model.close();
  });

  async function start(options: Partial<CreateWorkerOptions>): Promise<void> {
    const { holder, tasks } = holderOf(({ request: { id } }) => id);
    const onQueue = { holder: { ...holder, queue }, tasks: tasks.map((task) => ({ ...task, queue })) };
    worker = createWorkerFrom(onQueue, {
      brokerUrl: testBrokerUrl(),
      nodeName: 'w1@spec',
      eventExchange: exchange,
      ...options,
    }).app;
    await worker.start();
  }

  /** Listens as Celery's receivers do. */
  async function listen(): Promise<void> {
    await channel.assertExchange(exchange, 'topic', { durable: true });
    const { queue: own } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
    await channel.bindQueue(own, exchange, '#');
    await channel.consume(
      own,
      (message) => {
        if (message === null) return;
        const parsed = JSON.parse(message.content.toString()) as Event | Event[];
        events.push(...(Array.isArray(parsed) ? parsed : [parsed]));
      },
      { noAck: true },
    );
  }

  const countOf = (type: string): number => events.filter((event) => event.type === type).length;

  it('go to the exchange, in the order of their clock, the last one before the connection ends', async () => {
    await listen();
    await start({ workerSendTaskEvents: true, workerHeartbeatIntervalMs: 50 });
    const ids = Array.from({ length: 100 }, () => randomUUID());
    await Promise.all(ids.map((id) => caller.call(queue, 'work', id)));
    await until(() => caller.results.size === ids.length && countOf('worker-heartbeat') > 1, { timeoutMs });
    await worker.stop();
    await until(() => countOf('worker-offline') === 1, { timeoutMs });

    expect(events.map(({ clock }) => clock)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)?.type).toBe('worker-offline');
    expect(countOf('worker-online')).toBe(1);
    for (const id of ids)
      expect(events.filter(({ uuid }) => uuid === id).map(({ type }) => type)).toEqual([
        'task-received',
        'task-started',
        'task-succeeded',
      ]);
  });

  it('find their exchange again after it was deleted', async () => {
    await listen();
    await start({ workerHeartbeatIntervalMs: 50 });
    await until(() => countOf('worker-online') === 1, { timeoutMs });
    await channel.deleteExchange(exchange);
    while (!(await isExchangeThere())); // the worker declares it
    const beats = countOf('worker-heartbeat');
    await listen();
    await until(() => countOf('worker-heartbeat') > beats, { timeoutMs });

    expect(worker.isReady).toBe(true);
  });

  /** Asks on a channel of its own, which the broker closes when the answer is no. */
  async function isExchangeThere(): Promise<boolean> {
    const asking = await model.createChannel();
    asking.on('error', () => undefined); // the same as the rejection
    try {
      await asking.checkExchange(exchange);
      await asking.close();
      return true;
    } catch {
      return false;
    }
  }
});
