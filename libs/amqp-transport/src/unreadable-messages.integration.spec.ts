import { randomUUID } from 'node:crypto';
import { silentLogger, type Headers, type MessageProperties } from '@celeriac/primitives';
import { until } from '@celeriac/testing';
import { AmqpTransport } from './amqp-transport.ts';
import type { MessagePublisher, PublishMessage } from './message-publisher.ts';

function brokerUrl(): string {
  const url = process.env['CELERIAC_TEST_BROKER_URL'];
  if (url === undefined) throw new Error('CELERIAC_TEST_BROKER_URL is unset; run `npm test`');
  return url;
}

function nested(depth: number): Headers {
  let value: Headers = {};
  for (let level = 0; level < depth; level++) value = { n: value };
  return value;
}

const half = '\ud800'; // of a surrogate pair

/** What a caller may put into a message, and whether it goes out. */
const headerCases: readonly [string, Headers, 'taken' | RegExp][] = [
  ['NaN', { x: NaN }, /header x is NaN/],
  ['infinities', { x: -Infinity }, /header x is -Infinity/],
  ['NaN deep inside', { a: [{ b: NaN }] }, /header a\[0\]\.b is NaN/],
  ['a marked float that is NaN', { x: Object(NaN) as object }, /header x is NaN/],
  ['the largest doubles', { x: 1.7976931348623157e308, y: 5e-324, z: -0 }, 'taken'],
  ['64-bit integers', { x: 2n ** 63n - 1n, y: -(2n ** 63n) }, 'taken'],
  ['integers beyond 64 bits', { x: 2n ** 63n }, /header x is beyond the 64 bits/],
  ['an invalid date', { x: new Date(NaN) }, /header x is a date/],
  ['a date before 1970', { x: new Date(-1000) }, /header x is a date/],
  ['the last date', { x: new Date(8.64e15) }, 'taken'],
  ['an empty name', { '': 1 }, 'taken'],
  ['a name of 255 bytes', { ['é'.repeat(127) + 'a']: 1 }, 'taken'],
  ['a name of 256 bytes', { ['é'.repeat(128)]: 1 }, /must have at most 255 bytes/],
  ['half a surrogate pair', { [half]: half }, 'taken'],
  ['NUL', { 'a\0b': '\0' }, 'taken'],
  ['__proto__', JSON.parse('{"__proto__": {"x": 1}}') as Headers, 'taken'],
  ['a table in 500 tables', nested(500), 'taken'],
  ['a table in 20,000 tables', nested(20_000), /./],
  ['120 kB of text', { x: 'a'.repeat(120_000) }, 'taken'],
  ['more than a frame', { x: 'a'.repeat(200_000) }, /the broker's limit for a frame/],
  ['a function', { x: () => 1 }, /header x is a function/],
  ['a symbol', { x: Symbol('s') }, /header x is a symbol/],
  ['CC of a wrong type', { CC: 7 }, /./],
  ['CC with members of a wrong type', { CC: [7, null, NaN] }, /./],
  ['BCC of a wrong type', { BCC: { a: 1 } }, /./],
  [
    'headers of the broker',
    { 'x-death': 'x', 'x-delay': 'soon', 'x-delivery-count': NaN },
    /x-delivery-count is NaN/,
  ],
  [
    'headers of the broker of a wrong type',
    { 'x-death': 'x', 'x-delay': 'soon', 'x-first-death-queue': 7 },
    'taken',
  ],
];

const propertyCases: readonly [string, MessageProperties, 'taken' | RegExp][] = [
  ['an expiration that is not a number', { expiration: 'soon' }, /./],
  ['a negative expiration', { expiration: '-1' }, /./],
  ['an expiration of 300 digits', { expiration: '9'.repeat(300) }, /expiration must have at most 255 bytes/],
  ['an expiration of 30 digits', { expiration: '9'.repeat(30) }, /./],
  ['a priority of 256', { priority: 256 }, /priority must be an integer from 0 to 255/],
  ['a priority of 255', { priority: 255 }, 'taken'],
  ['a delivery mode of 77', { deliveryMode: 77 }, /delivery_mode_unknown/],
  ['a user that is another', { userId: 'somebody' }, /./],
  ['a timestamp that is NaN', { timestamp: NaN }, /./],
  ['a negative timestamp', { timestamp: -1 }, 'taken'],
  ['half a surrogate pair', { correlationId: half, contentType: half, type: half }, 'taken'],
  [
    'a correlation id of 256 bytes',
    { correlationId: 'a'.repeat(256) },
    /correlation_id must have at most 255/,
  ],
  ['a content type of lines', { contentType: 'a\r\nb' }, 'taken'],
];

describe('a message that a broker may be unable to read', () => {
  let transport: AmqpTransport;
  let publisher: MessagePublisher;
  let queue: string;
  const lines: string[] = [];

  beforeAll(async () => {
    const logger = { ...silentLogger, warn: (_fields: object, message: string) => lines.push(message) };
    transport = new AmqpTransport({ brokerUrl: brokerUrl(), name: 'spec', logger });
    publisher = transport.publisher({ confirm: true });
    await until(() => publisher.isReady, { timeoutMs: 30_000 });
    queue = `spec-${randomUUID()}`;
    await transport.declare({
      exchanges: [],
      queues: [{ name: queue, durable: false, exclusive: true, autoDelete: true }],
      bindings: [],
    });
  });

  afterAll(async () => {
    await transport.close();
  });

  async function outcomeOf(change: Partial<PublishMessage>): Promise<string> {
    const message = {
      exchange: '',
      routingKey: queue,
      properties: {},
      headers: {},
      body: Buffer.from('x'),
      mandatory: true,
    };
    try {
      await publisher.publish({ ...message, ...change });
      return 'taken';
    } catch (error) {
      const { code, message: text } = error as Error & { code: string };
      expect(code).toBe('ERR_PUBLISH_REFUSED');
      return text;
    }
  }

  /** A good message beside the other goes through, and no connection was lost. */
  async function expectUnharmed(): Promise<void> {
    expect(await outcomeOf({})).toBe('taken');
    expect(lines.filter((line) => line.includes('lost'))).toEqual([]);
  }

  it.each(headerCases)('header: %s', async (_what, headers, expected) => {
    const outcome = await outcomeOf({ headers });
    if (expected === 'taken') expect(outcome).toBe('taken');
    else expect(outcome).toMatch(expected);
    await expectUnharmed();
  });

  it.each(propertyCases)('property: %s', async (_what, properties, expected) => {
    const outcome = await outcomeOf({ properties });
    if (expected === 'taken') expect(outcome).toBe('taken');
    else expect(outcome).toMatch(expected);
    await expectUnharmed();
  });

  it.each<[string, Partial<PublishMessage>, RegExp]>([
    ['an exchange of 256 bytes', { exchange: 'a'.repeat(256) }, /the exchange must have at most 255 bytes/],
    ['an exchange with NUL', { exchange: 'a\0b' }, /./],
    ['half a surrogate pair as an exchange', { exchange: half }, /./],
    ['an exchange that is not there', { exchange: 'no such exchange' }, /NOT_FOUND/],
  ])('%s', async (_what, change, expected) => {
    expect(await outcomeOf(change)).toMatch(expected);
    await expectUnharmed();
  });
});
