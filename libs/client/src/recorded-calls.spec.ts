import type { ConsumeOptions } from '@celeriac/amqp-transport';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { parseIsoformat } from '@celeriac/protocol';
import { deliveryOf, loadVectors } from '@celeriac/testing';
import { hostname } from 'node:os';
import type { ApplyOptions } from './apply-options.ts';
import { inMemoryClient } from './testing/in-memory-client.ts';

interface RecordedCall {
  /** Name of the recorded case. */
  readonly recording: string;
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly options?: ApplyOptions;
  /** Seconds from the call to the instant that the message carries. */
  readonly aheadSeconds?: number;
  /** Python's caller gave a list, not a tuple. */
  readonly isList?: true;
}

/** The calls that Python recorded, as our client makes them. */
const calls: readonly RecordedCall[] = [
  { recording: 'simple_call' },
  { recording: 'kwargs', args: [], kwargs: { x: 2, y: 3 } },
  { recording: 'args_and_kwargs_unicode', args: ['héllo ☃ 😀'], kwargs: { k: [1, { a: null }] } },
  { recording: 'countdown', options: { countdown: 10 }, aheadSeconds: 10 },
  { recording: 'countdown_float', options: { countdown: 1.5 }, aheadSeconds: 1.5 },
  { recording: 'eta_aware', options: { eta: new Date('2030-01-02T03:04:05.678Z') } },
  { recording: 'expires_seconds', options: { expires: 120 }, aheadSeconds: 120 },
  { recording: 'expires_float', options: { expires: 0.5 }, aheadSeconds: 0.5 },
  { recording: 'expires_past', options: { expires: -5 }, aheadSeconds: -5 },
  { recording: 'priority_5', options: { priority: 5 } },
  { recording: 'priority_queue', options: { priority: 9, queue: 'prioq' } },
  { recording: 'ignore_result_true', options: { ignoreResult: true } },
  { recording: 'time_limits', options: { timeLimit: 30, softTimeLimit: 20 } },
  { recording: 'shadow', options: { shadow: 'friendly.name' } },
  {
    recording: 'custom_headers',
    options: {
      headers: { tenant: 'acme', n: 7, big: 2 ** 40, f: 1.5, flag: true, nested: { a: [1, 'x', null] } },
    },
  },
  { recording: 'explicit_queue', options: { queue: 'other' } },
  { recording: 'send_task_by_name', args: [1], kwargs: { b: 2 }, isList: true },
  { recording: 'long_argsrepr', args: ['x'.repeat(3000), Array.from({ length: 500 }, (_, at) => at)] },
];

const { cases } = loadVectors('task-messages', 'celery-main');

function recordingOf(name: string) {
  const recorded = cases.find((one) => one.name === name);
  const message = recorded?.messages?.[0];
  if (recorded === undefined || message === undefined) throw new Error(`no recording of ${name}`);
  const { properties, headers, body } = deliveryOf(message);
  const declarations = recorded['declarations'] as readonly Readonly<Record<string, unknown>>[];
  return { properties, headers, body, message, declarations };
}

describe('sendTask beside the recorded messages of Celery', () => {
  it.each(calls)('sends $recording as Python does', async (call) => {
    const { recording, args = [2, 3], kwargs = {}, options = {}, aheadSeconds = 0, isList = false } = call;
    const { properties, headers, body, message } = recordingOf(recording);
    const instant = headers['eta'] ?? headers['expires'];
    const sentMs =
      typeof instant === 'string' ? parseIsoformat(instant).getTime() - aheadSeconds * 1000 : Date.now();
    const { client, lastPublished } = inMemoryClient({ clock: { now: () => sentMs } });
    try {
      await client.sendTask(
        String(headers['task']),
        args,
        kwargs,
        { ...options, taskId: String(headers['id']) },
        { tupleArgs: !isList },
      );
      const sent = lastPublished();

      expect(sent.body.toString()).toBe(body.toString());
      expect([sent.exchange, sent.routingKey]).toEqual([message.exchange, message.routing_key]);
      const { replyTo, ...otherProperties } = sent.properties;
      expect(replyTo).toMatch(/^[0-9a-f-]{36}$/);
      expect(otherProperties).toEqual({
        // a router that names a queue makes Python forget its default
        priority: 0,
        ...Object.fromEntries(
          Object.entries(properties).filter(([name, value]) => name !== 'replyTo' && value !== undefined),
        ),
      });
      expect(Object.keys(sent.headers)).toEqual(Object.keys(headers));
      const { lang, origin, eta, expires, ...otherHeaders } = sent.headers;
      expect([lang, origin]).toEqual(['js', `gen${process.pid}@${hostname()}`]);
      expect({ ...headers, ...otherHeaders }).toEqual(headers);
      expect([eta, expires].map(instantOf)).toEqual([headers['eta'], headers['expires']].map(instantOf));
    } finally {
      await client.close();
    }
  });

  it('declares the reply queue that Celery 5.7 does, except that it outlives a lost connection', async () => {
    const transport = new InMemoryTransport();
    const consume = jest.spyOn(transport, 'consume');
    const { client } = inMemoryClient({ transport });
    await client.close();
    const [[{ queues, topology }]] = consume.mock.calls as [[ConsumeOptions]];
    const [recorded] = recordingOf('simple_call').declarations;
    expect(recorded).toMatchObject({
      method: 'queue.declare',
      durable: true,
      exclusive: false,
      auto_delete: true,
      arguments: { 'x-expires': 86_400_000 },
    });
    expect(queues).toHaveLength(1);
    expect(topology).toEqual({
      exchanges: [],
      queues: [
        {
          name: queues[0],
          durable: recorded?.['durable'],
          exclusive: recorded?.['exclusive'],
          autoDelete: false,
          arguments: recorded?.['arguments'],
        },
      ],
      bindings: [],
    });
  });

  it('declares the queue of a task as Celery does', async () => {
    const transport = new InMemoryTransport();
    const declare = jest.spyOn(transport, 'declare');
    const { client } = inMemoryClient({ transport });
    await client.sendTask('tasks.add', [2, 3]);
    await client.close();
    const [, exchange, queue, binding] = recordingOf('simple_call').declarations;
    expect(exchange).toMatchObject({
      method: 'exchange.declare',
      exchange: 'celery',
      type: 'direct',
      durable: true,
      auto_delete: false,
    });
    expect(queue).toMatchObject({
      method: 'queue.declare',
      queue: 'celery',
      durable: true,
      exclusive: false,
      auto_delete: false,
    });
    expect(binding).toMatchObject({
      method: 'queue.bind',
      queue: 'celery',
      exchange: 'celery',
      routing_key: 'celery',
    });
    expect(declare.mock.calls).toEqual([
      [
        {
          exchanges: [{ name: 'celery', type: 'direct', durable: true, autoDelete: false }],
          queues: [{ name: 'celery', durable: true, exclusive: false, autoDelete: false }],
          bindings: [{ queue: 'celery', exchange: 'celery', routingKey: 'celery' }],
        },
      ],
    ]);
  });
});

/** Python's dates have microseconds, ours milliseconds. */
function instantOf(header: unknown): number | undefined {
  return typeof header === 'string' ? parseIsoformat(header).getTime() : undefined;
}
