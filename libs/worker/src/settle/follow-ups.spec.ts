import { OperationalError } from '@celeriac/amqp-transport';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { silentLogger } from '@celeriac/primitives';
import { parseJson, TaskQueues, TaskRouting, type Signature } from '@celeriac/protocol';
import { defineHolder, implement, plainTask, TaskRegistry } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CallPublisher } from './call-publisher.ts';
import { FollowUps } from './follow-ups.ts';
import { receivedTask, registeredTask } from '../testing/received-task.ts';
import { resolveWorkerSettings } from '../worker-settings.ts';
import { WorkerSignals } from '../worker-signals.ts';

const task = registeredTask(() => undefined);

function followUpsOn(publisher: CallPublisher): FollowUps {
  const registry = new TaskRegistry();
  registry.register(implement(defineHolder('bakery', { bake: plainTask() }), { bake: () => undefined }));
  const clock = { now: () => Date.parse('2026-11-22T10:24:12Z') };
  const queues = new TaskQueues();
  return new FollowUps({
    publisher,
    registry,
    defaultQueue: 'shop',
    origin: 'gen1@host',
    clock,
    queues,
    routing: new TaskRouting(undefined, queues),
    settings: resolveWorkerSettings(),
  });
}

function calling(...callbacks: Signature[]) {
  return receivedTask(task, { embed: { callbacks } });
}

function queuesOf(transport: InMemoryTransport): Record<string, number> {
  const { broker } = transport;
  return Object.fromEntries(broker.queueNames.map((name) => [name, broker.messagesIn(name).length]));
}

describe('FollowUps', () => {
  let transport: InMemoryTransport;
  let publisher: CallPublisher;
  let followUps: FollowUps;

  beforeEach(() => {
    transport = new InMemoryTransport();
    publisher = new CallPublisher(transport, new WorkerSignals(), silentLogger);
    followUps = followUpsOn(publisher);
  });

  afterEach(() => publisher.close());

  async function send(...callbacks: Signature[]) {
    const received = calling(...callbacks);
    return followUps.send(await followUps.afterSuccess(received, 5), received.delivery);
  }

  it.each<[string, Signature, string]>([
    ['names a queue', { task: 'bake', options: { queue: 'elsewhere' } }, 'elsewhere'],
    ['calls a task that is registered here', { task: 'bake' }, 'bakery'],
    ['does neither', { task: 'unknown' }, 'shop'],
  ])('sends a call that %s, and declares the queue that is missing', async (_what, callback, queue) => {
    expect(await send(callback)).toEqual({ kind: 'sent' });
    expect(queuesOf(transport)).toEqual({ [queue]: 1 });
    const [message] = transport.messagesIn(queue);
    expect(message?.headers).toMatchObject({
      task: callback.task,
      parent_id: 'an-id',
      root_id: 'an-id',
      origin: 'gen1@host',
    });
    // the exchange of its name is there, too, as Python declares it
    await transport.declare({
      exchanges: [{ name: queue, type: 'direct', durable: true, autoDelete: false }],
      queues: [],
      bindings: [{ queue, exchange: queue, routingKey: queue }],
    });
  });

  it('declares a queue once for all calls that find it missing', async () => {
    const declare = jest.spyOn(transport, 'declare');
    const members = Array.from({ length: 10 }, (): Signature => ({ task: 'bake' }));
    expect(await send(...members)).toEqual({ kind: 'sent' });
    expect([queuesOf(transport), declare.mock.calls.length]).toEqual([{ bakery: 10 }, 1]);
  });

  it('uses a queue of another kind as it is', async () => {
    const declaration = { name: 'bakery', durable: true, exclusive: false, autoDelete: false };
    const priorities = { ...declaration, arguments: { 'x-max-priority': 10 } };
    await transport.declare({ exchanges: [], queues: [priorities], bindings: [] });
    expect(await send({ task: 'bake' })).toEqual({ kind: 'sent' });
    expect(queuesOf(transport)).toEqual({ bakery: 1 });
  });

  it('publishes to an exchange with a routing key, where these are given', async () => {
    await transport.declare({
      exchanges: [{ name: 'news', type: 'topic', durable: true, autoDelete: false }],
      queues: [{ name: 'readers', durable: true, exclusive: false, autoDelete: false }],
      bindings: [{ queue: 'readers', exchange: 'news', routingKey: 'bread.#' }],
    });
    const options = { exchange: 'news', routing_key: 'bread.rye', queue: 'ignored' };
    expect(await send({ task: 'bake', options })).toEqual({ kind: 'sent' });
    expect(queuesOf(transport)).toEqual({ readers: 1 });
  });

  it.each<[string, Signature, RegExp]>([
    [
      'an exchange that has no queue for it',
      { task: 'bake', options: { exchange: 'amq.topic', routing_key: 'k' } },
      /^bake could not be called: no queue takes messages for exchange amq\.topic, routing key k/,
    ],
    [
      'an exchange that is not there',
      { task: 'bake', options: { exchange: 'gone', routing_key: 'k' } },
      /^bake could not be called: .*no exchange 'gone'/,
    ],
  ])('is refused by %s', async (_what, callback, message) => {
    expect(await send(callback)).toMatchObject({
      kind: 'refused',
      error: {
        excType: 'OperationalError',
        excModule: 'kombu.exceptions',
        message: expect.stringMatching(message) as string,
      },
    });
  });

  it('is refused when the queue cannot be declared', async () => {
    await transport.declare({
      exchanges: [{ name: 'bakery', type: 'topic', durable: true, autoDelete: false }],
      queues: [],
      bindings: [],
    });
    const outcome = await send({ task: 'bake' });
    expect(outcome).toMatchObject({
      kind: 'refused',
      error: { message: expect.stringMatching(/PRECONDITION_FAILED/) as string },
    });
  });

  it('waits for the broker, also to declare', async () => {
    const declare = jest.spyOn(transport, 'declare');
    declare.mockImplementationOnce(() => {
      transport.disconnect();
      return Promise.reject(new OperationalError('ERR_CONNECTION_CLOSED', 'lost the connection'));
    });
    transport.disconnect();
    const sending = send({ task: 'bake' });
    transport.reconnect();
    await until(() => declare.mock.calls.length === 1);
    transport.reconnect();
    expect(await sending).toEqual({ kind: 'sent' });
    expect(queuesOf(transport)).toEqual({ bakery: 1 });
  });

  it('is unsure of what was not confirmed when it is closed', async () => {
    transport.disconnect();
    const sending = send({ task: 'bake' });
    await nextTurn();
    await publisher.close();
    expect(await sending).toMatchObject({ kind: 'unsure', error: { code: 'ERR_CONNECTION_CLOSED' } });
  });

  it('sends nothing when there is nothing to send', async () => {
    const opened = jest.spyOn(transport, 'publisher');
    const received = calling({ task: 'bake' });
    expect(await followUps.send(await followUps.afterFailure(received), received.delivery)).toEqual({
      kind: 'sent',
    });
    expect(opened).not.toHaveBeenCalled();
  });

  it('keeps the kinds of numbers that pass through', async () => {
    const received = calling({ task: 'bake', args: [parseJson('3.0', { floats: 'keep' }), 2n ** 70n] });
    const prepared = await followUps.afterSuccess(received, parseJson('9.0', { floats: 'keep' }));
    await followUps.send(prepared, received.delivery);
    const [message] = transport.messagesIn('bakery');
    expect(message?.body.toString()).toMatch(/^\[\[9\.0, 3\.0, 1180591620717411303424\], /);
  });
});
