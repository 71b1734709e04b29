import { AmqpTransport } from '@celeriac/amqp-transport';
import { RpcResultStore } from '@celeriac/result-backend';
import { RecordingLogger, until } from '@celeriac/testing';
import { connect, type ChannelModel, type ConfirmChannel, type Options } from 'amqplib'; // eslint-disable-line no-restricted-imports -- to write what our transport refuses to
import { randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Caller, testBrokerUrl } from './testing/caller.ts';
import { holderOf } from './testing/received-task.ts';
import { Worker } from './worker.ts';

const v2 = { task: 'work', id: 'an-id' };
const good = '[[], {}, {}]';
/** Ten aliases of ten aliases, and so on, nine times. */
const laughs = [
  'a: &a lol',
  ...'bcdefghij'.split('').map((name, index) => {
    const inner = 'abcdefghij'[index] ?? '';
    return `${name}: &${name} [${Array.from({ length: 10 }, () => `*${inner}`).join(', ')}]`;
  }),
].join('\n');
const json = 'application/json';

interface Malformed {
  readonly body: string | Buffer;
  readonly headers?: Record<string, unknown>;
  readonly contentType?: string | undefined;
}

/** Every kind of SPEC.md §7.3, and more; a function where each message of the kind is another. */
const kinds: Readonly<Record<string, Malformed | (() => Malformed)>> = {
  'no task anywhere': { body: '{"foo": 1}' },
  'v1 that is no JSON': { body: '{not json' },
  'v2 that is no JSON': { body: '{not json', headers: v2 },
  'v2 that ends early': { body: '[[], {}, {', headers: v2 },
  'an empty body': { body: '', headers: v2 },
  'no UTF-8': { body: Buffer.from([0x5b, 0xff, 0xfe, 0x5d]), headers: v2 },
  'nested a million times': { body: '['.repeat(1_000_000), headers: v2 },
  'corrupt compression': { body: good, headers: { ...v2, compression: 'application/x-gzip' } },
  'compressed no JSON': {
    body: gzipSync('{not json'),
    headers: { ...v2, compression: 'application/x-gzip' },
  },
  'a bomb': () => ({ body: bomb, headers: { ...v2, compression: 'application/x-gzip' } }),
  'unknown compression': { body: good, headers: { ...v2, compression: 'application/nope' } },
  'bad typed JSON': { body: '[[{"__type__": "nope", "__value__": 1}, 2], {}, {}]', headers: v2 },
  pickle: {
    body: Buffer.from([0x80, 2, 0x5d, 0x2e]),
    headers: v2,
    contentType: 'application/x-python-serialize',
  },
  'msgpack of 2³²−1 items': {
    body: Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
    headers: v2,
    contentType: 'application/x-msgpack',
  },
  'msgpack nested a hundred thousand times': {
    body: Buffer.alloc(100_000, 0x91),
    headers: v2,
    contentType: 'application/x-msgpack',
  },
  'YAML of a billion laughs': { body: laughs, headers: v2, contentType: 'application/x-yaml' },
  'an unknown content type': { body: good, headers: v2, contentType: 'application/x-nope' },
  'plain text': { body: good, headers: v2, contentType: 'text/plain' },
  'no content type': { body: good, headers: v2, contentType: undefined },
  'a bad eta': { body: good, headers: { ...v2, eta: 'not a date' } },
  'a bad expires': { body: good, headers: { ...v2, expires: 'nope' } },
  'an eta that is a number': { body: good, headers: { ...v2, eta: 17 } },
  'kwargs that are no object': { body: '[[1, 2], [], {}]', headers: v2 },
  'no id': { body: good, headers: { task: 'work' } },
  'an id that is a table': { body: good, headers: { task: 'work', id: {} } },
  'no triple': { body: '[[1, 2]]', headers: v2 },
  'an embed that is a number': { body: '[[], {}, 7]', headers: v2 },
  'limits that are no pair': { body: good, headers: { ...v2, timelimit: [1] } },
  'a task that is not registered': { body: good, headers: { task: 'no.such.task', id: 'an-id' } },
  'a task of every object': { body: good, headers: { task: 'constructor', id: 'an-id' } },
  'a prototype': { body: '{"__proto__": {"task": "work", "id": "x"}}' },
  'a header that no date can hold': {
    body: good,
    headers: { ...v2, when: { '!': 'timestamp', value: 9_000_000_000_000_000 } },
  },
  'random bytes': () => ({ body: randomBytes(64) }),
  'random bytes as v2': () => ({ body: randomBytes(64), headers: v2 }),
  'random headers': () => ({
    body: good,
    headers: { task: randomBytes(8).toString('latin1'), id: randomBytes(4), eta: randomBytes(8) },
  }),
};
const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, 0x20));
const messageCount = 1000;

describe('a worker that gets a thousand malformed messages', () => {
  const queue = `celeriac-spec-${randomUUID()}`;
  const deadLetters = `${queue}.dead`;
  let model: ChannelModel;
  let channel: ConfirmChannel;
  let caller: Caller;
  let worker: Worker;
  let logger: RecordingLogger;

  beforeAll(async () => {
    model = await connect(testBrokerUrl());
    channel = await model.createConfirmChannel();
    await channel.assertQueue(deadLetters);
    caller = await new Caller(testBrokerUrl()).connect();
    logger = new RecordingLogger();
    const transport = new AmqpTransport({ brokerUrl: testBrokerUrl(), name: 'malformed spec', logger });
    const queueArguments = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': deadLetters };
    const { holder, tasks } = holderOf(() => 'well');
    worker = new Worker({
      transport,
      store: new RpcResultStore({ transport }),
      holders: [{ holder: { ...holder, queue }, tasks }],
      queues: [{ name: queue, queueArguments }],
      nodeName: 'w1@spec',
      logger,
      settings: { workerConcurrency: 4, acceptContent: ['json', 'msgpack', 'yaml'] },
    });
    await worker.start();
  });

  afterAll(async () => {
    await worker.stop();
    await caller.close();
    for (const name of [queue, deadLetters]) await channel.deleteQueue(name);
    await channel.deleteExchange(queue);
    await model.close();
  });

  it('rejects each once, and runs the next good task at once', async () => {
    const names = Object.keys(kinds);
    const sent = Array.from({ length: messageCount }, (_, index) => {
      const kind = names[index % names.length] ?? '';
      return { kind, messageId: `${String(index)} ${kind}` };
    });
    for (const { kind, messageId } of sent) {
      const made = kinds[kind];
      const { body, headers = {}, ...rest } = typeof made === 'function' ? made() : (made ?? { body: '' });
      const contentType = 'contentType' in rest ? rest.contentType : json;
      const options: Options.Publish = {
        headers,
        messageId,
        ...(contentType === undefined ? {} : { contentType }),
      };
      channel.sendToQueue(queue, Buffer.from(body), options);
    }
    await channel.waitForConfirms();

    const dead: { messageId: unknown; deaths: unknown }[] = [];
    const { consumerTag } = await channel.consume(
      deadLetters,
      (message) => {
        if (message === null) return;
        const { properties } = message;
        const [death] = (properties.headers?.['x-death'] ?? []) as { count?: number }[];
        dead.push({ messageId: properties.messageId as unknown, deaths: death?.count });
      },
      { noAck: true },
    );
    await until(() => dead.length >= messageCount, { timeoutMs: 30_000, what: 'all are rejected' });

    const calledAt = performance.now();
    await caller.call(queue, 'work', 'good');
    await until(() => caller.results.has('good'));
    expect(performance.now() - calledAt).toBeLessThan(1000);
    expect(caller.results.get('good')).toMatchObject([{ status: 'SUCCESS', result: 'well' }]);

    await channel.cancel(consumerTag);
    const byId = (a: { messageId: unknown }, b: { messageId: unknown }) =>
      String(a.messageId).localeCompare(String(b.messageId));
    expect(dead.sort(byId)).toEqual(sent.map(({ messageId }) => ({ messageId, deaths: 1 })).sort(byId));
    expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0, consumerCount: 1 });
    expect([worker.state, worker.isReady, worker.counts.succeeded]).toEqual(['running', true, 1]);
    expect(logger.fieldsOf('consuming')).toHaveLength(1); // never lost its channel
    expect(({} as Record<string, unknown>)['task']).toBeUndefined(); // no prototype was touched
  });

  it('refuses the largest body that the broker takes, and runs the next good task', async () => {
    const body = Buffer.alloc(128 * 1024 * 1024, 0x20); // max_message_size
    channel.sendToQueue(queue, body, { headers: v2, contentType: json });
    await channel.waitForConfirms();
    await caller.call(queue, 'work', 'after the large one');
    await until(() => caller.results.has('after the large one'), { timeoutMs: 30_000 });

    expect(await channel.checkQueue(deadLetters)).toMatchObject({ messageCount: 1 });
    const [{ reason } = {}] = logger.fieldsOf('task refused: its message is invalid').slice(-1);
    expect(reason).toMatch(/larger than \d+ bytes/);
    expect(logger.fieldsOf('consuming')).toHaveLength(1);
  });
});
