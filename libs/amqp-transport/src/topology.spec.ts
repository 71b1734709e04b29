import type { Channel } from 'amqplib';
import { declareTopology, withoutQueue, type DeclarationArguments, type Topology } from './topology.ts';

/** A channel that takes everything, and what it was asked for. */
function recordingChannel() {
  const calls: unknown[][] = [];
  const record =
    (method: string) =>
    (...args: unknown[]): Promise<void> => {
      calls.push([method, ...args]);
      return Promise.resolve();
    };
  const methods = ['assertExchange', 'assertQueue', 'bindQueue', 'bindExchange'];
  const channel = Object.fromEntries(methods.map((method) => [method, record(method)])) as unknown as Channel;
  return { channel, calls };
}

async function typed(given: DeclarationArguments): Promise<unknown> {
  const { channel, calls } = recordingChannel();
  const queue = { name: 'q', durable: true, exclusive: false, autoDelete: false, arguments: given };
  await declareTopology(channel, { exchanges: [], queues: [queue], bindings: [] });
  return (calls[0]?.[2] as { readonly arguments: unknown }).arguments;
}

describe('declareTopology', () => {
  it('declares exchanges, queues, bindings, and bindings of exchanges', async () => {
    const { channel, calls } = recordingChannel();
    await declareTopology(channel, {
      exchanges: [
        {
          name: 'x',
          type: 'topic',
          durable: true,
          autoDelete: false,
          arguments: { 'alternate-exchange': 'y' },
        },
      ],
      queues: [{ name: 'q', durable: true, exclusive: false, autoDelete: true }],
      bindings: [{ queue: 'q', exchange: 'x', routingKey: 'a.#', arguments: { 'x-match': 'all', n: 1 } }],
      exchangeBindings: [{ destination: 'x', source: 'y', routingKey: '#' }],
    });
    expect(calls).toEqual([
      [
        'assertExchange',
        'x',
        'topic',
        { durable: true, autoDelete: false, arguments: { 'alternate-exchange': 'y' } },
      ],
      ['assertQueue', 'q', { durable: true, exclusive: false, autoDelete: true, arguments: {} }],
      ['bindQueue', 'q', 'x', 'a.#', { 'x-match': 'all', n: { '!': 'int', value: 1 } }],
      ['bindExchange', 'x', 'y', '#', {}],
    ]);
  });

  it.each<[number, string]>([
    [0, 'int'],
    [-1, 'int'],
    [2 ** 31 - 1, 'int'],
    [-(2 ** 31), 'int'],
    [2 ** 31, 'long'],
    [134_217_728_000, 'long'],
    [-(2 ** 31) - 1, 'long'],
    [0.5, 'double'],
  ])('writes %p as py-amqp does: %s', async (value, type) => {
    expect(await typed({ x: value })).toEqual({ x: { '!': type, value } });
  });

  it('writes numbers inside of lists and tables the same way', async () => {
    const n = { '!': 'int', value: 1 };
    expect(await typed({ list: [1, 'a', [1]], table: { n: 1, yes: true, none: null } })).toEqual({
      list: [n, 'a', [n]],
      table: { n, yes: true, none: null },
    });
  });

  it.each<[string, DeclarationArguments, string]>([
    ['NaN', { x: NaN }, 'argument x is NaN, which no broker reads; use a finite number'],
    ['an infinity inside', { x: { y: [1, -Infinity] } }, 'argument x.y[1] is -Infinity'],
  ])('sends nothing that has %s', async (_what, given, message) => {
    await expect(typed(given)).rejects.toThrow(message);
  });
});

describe('withoutQueue', () => {
  it('drops a queue and its bindings, and keeps the exchanges', () => {
    const queueOf = (name: string) => ({ name, durable: true, exclusive: false, autoDelete: false });
    const topology: Topology = {
      exchanges: [{ name: 'x', type: 'fanout', durable: true, autoDelete: false }],
      queues: [queueOf('a'), queueOf('b')],
      bindings: [
        { queue: 'a', exchange: 'x', routingKey: '' },
        { queue: 'b', exchange: 'x', routingKey: '' },
      ],
    };
    expect(withoutQueue(topology, 'a')).toEqual({
      exchanges: topology.exchanges,
      queues: [queueOf('b')],
      bindings: [{ queue: 'b', exchange: 'x', routingKey: '' }],
    });
  });
});
