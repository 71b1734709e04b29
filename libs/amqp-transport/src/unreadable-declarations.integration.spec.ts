import { randomUUID } from 'node:crypto';
import { silentLogger } from '@celeriac/primitives';
import { until } from '@celeriac/testing';
import { AmqpTransport } from './amqp-transport.ts';
import type { DeclarationArgument, DeclarationArguments, Topology } from './topology.ts';

function brokerUrl(): string {
  const url = process.env['CELERIAC_TEST_BROKER_URL'];
  if (url === undefined) throw new Error('CELERIAC_TEST_BROKER_URL is unset; run `npm test`');
  return url;
}

function nested(depth: number): DeclarationArgument {
  let value: DeclarationArgument = {};
  for (let level = 0; level < depth; level++) value = { n: value };
  return value;
}

function queueOf(name: string, given: DeclarationArguments = {}): Topology {
  const queue = { name, durable: false, exclusive: true, autoDelete: true, arguments: given };
  return { exchanges: [], queues: [queue], bindings: [] };
}

const name = `spec-${randomUUID()}`;

/** What a setting may make of a declaration, and what becomes of it. */
const cases: readonly [string, Topology, 'taken' | RegExp][] = [
  ['NaN', queueOf(name, { x: NaN }), /argument x is NaN/],
  ['an infinite ttl', queueOf(name, { 'x-message-ttl': Infinity }), /argument x-message-ttl is Infinity/],
  ['NaN deep inside', queueOf(name, { x: [{ y: NaN }] }), /argument x\[0\]\.y is NaN/],
  ['an integer beyond 64 bits', queueOf(name, { x: 1e300 }), /out of range/],
  ['every type', queueOf(name, { a: true, b: null, c: [1, 'x', 0.5], d: { e: -(2 ** 40) } }), 'taken'],
  ['tables in tables', queueOf(name, { x: nested(500) }), 'taken'],
  ['more than a frame', queueOf(name, { x: 'a'.repeat(200_000) }), /exceeds/],
  ['a ttl that is a fraction', queueOf(name, { 'x-message-ttl': 1.5 }), /PRECONDITION_FAILED/],
  ['a negative ttl', queueOf(name, { 'x-message-ttl': -1 }), /PRECONDITION_FAILED/],
  ['a priority of 256', queueOf(name, { 'x-max-priority': 256 }), /PRECONDITION_FAILED/],
  ['an unknown queue type', queueOf(name, { 'x-queue-type': 'none' }), /PRECONDITION_FAILED/],
  ['an exchange that is a number', queueOf(name, { 'x-dead-letter-exchange': 7 }), /PRECONDITION_FAILED/],
  ['a name of 256 bytes', queueOf('a'.repeat(256)), /up to 255/],
  ['a name of the broker', queueOf('amq.mine'), /ACCESS_REFUSED/],
  ['NUL in a name', queueOf(`${name}\0`), 'taken'],
  ['half a surrogate pair in a name', queueOf(`${name}\ud800`), 'taken'],
  [
    'NaN of a binding',
    {
      ...queueOf(name),
      bindings: [{ queue: name, exchange: 'amq.topic', routingKey: 'a', arguments: { x: NaN } }],
    },
    /argument x is NaN/,
  ],
  [
    'a binding to no exchange',
    { ...queueOf(name), bindings: [{ queue: name, exchange: `no-${name}`, routingKey: 'a' }] },
    /NOT_FOUND/,
  ],
];

describe('a declaration that a broker may be unable to read', () => {
  let transport: AmqpTransport;
  const lines: string[] = [];

  beforeAll(async () => {
    const logger = { ...silentLogger, warn: (_fields: object, message: string) => lines.push(message) };
    transport = new AmqpTransport({ brokerUrl: brokerUrl(), name: 'spec', logger });
    const publisher = transport.publisher({ confirm: true });
    await until(() => publisher.isReady, { timeoutMs: 30_000 });
  });

  afterAll(async () => {
    await transport.close();
  });

  async function outcomeOf(topology: Topology): Promise<string> {
    try {
      await transport.declare(topology);
      return 'taken';
    } catch (error) {
      const { code, message } = error as Error & { code: string };
      expect(code).toBe('ERR_CHANNEL_CLOSED');
      return message;
    }
  }

  it.each(cases)('%s', async (_what, topology, expected) => {
    const outcome = await outcomeOf(topology);
    if (expected === 'taken') expect(outcome).toBe('taken');
    else expect(outcome).toMatch(expected);
    expect(await outcomeOf(queueOf(randomUUID()))).toBe('taken');
    expect(lines.filter((line) => line.includes('lost'))).toEqual([]);
  });
});
