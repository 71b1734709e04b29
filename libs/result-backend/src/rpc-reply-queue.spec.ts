import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { encodeResult, type ResultMessage } from '@celeriac/protocol';
import { RecordingLogger, until } from '@celeriac/testing';
import { RpcReplyQueue } from './rpc-reply-queue.ts';

const result: ResultMessage = {
  taskId: 'an-id',
  status: 'SUCCESS',
  result: 9,
  traceback: null,
  children: [],
  dateDone: null,
};
const json = { contentType: 'application/json', contentEncoding: 'utf-8' };

describe('RpcReplyQueue', () => {
  let transport: InMemoryTransport;
  let logger: RecordingLogger;
  let replies: RpcReplyQueue;
  let received: [string, unknown][];

  beforeEach(async () => {
    transport = new InMemoryTransport();
    logger = new RecordingLogger();
    received = [];
    replies = new RpcReplyQueue({
      transport,
      name: 'my-replies',
      resultExpiresMs: 86_400_000,
      logger,
      onResult: (correlationId, { status, result: value }) => received.push([correlationId, [status, value]]),
    });
    await replies.whenConsuming();
  });

  afterEach(async () => {
    await replies.close();
    await transport.close();
  });

  it('declares a queue of its own that outlives a reconnect and expires [RESULT-RPC-QUEUE]', () => {
    expect([replies.name, replies.isConsuming]).toEqual(['my-replies', true]);
    const declared = {
      name: 'my-replies',
      durable: true,
      exclusive: false,
      autoDelete: false,
      arguments: { 'x-expires': 86_400_000 },
    };
    // another declaration is taken only when it is the same
    const declareAs = (queue: typeof declared) => {
      transport.broker.declare({ exchanges: [], queues: [queue], bindings: [] }, transport);
    };
    expect(() => {
      declareAs(declared);
    }).not.toThrow();
    expect(() => {
      declareAs({ ...declared, autoDelete: true });
    }).toThrow(/PRECONDITION_FAILED/);
  });

  it('hands on each state that arrives, under its correlation id', async () => {
    for (const [correlationId, status] of [
      ['a', 'STARTED'],
      ['a', 'SUCCESS'],
      ['b', 'SUCCESS'],
    ] as const)
      transport.put('my-replies', {
        body: encodeResult({ ...result, status }),
        properties: { ...json, correlationId },
      });
    await until(() => received.length === 3);
    expect(received).toEqual([
      ['a', ['STARTED', 9]],
      ['a', ['SUCCESS', 9]],
      ['b', ['SUCCESS', 9]],
    ]);
    expect(transport.journal.of('acked')).toHaveLength(3);
  });

  it('takes the task id where there is no correlation id', async () => {
    transport.put('my-replies', { body: encodeResult(result), properties: json });
    await until(() => received.length === 1);
    expect(received).toEqual([['an-id', ['SUCCESS', 9]]]);
  });

  it.each([
    ['that is no JSON', { body: Buffer.from('{not json'), properties: json }],
    [
      'in pickle',
      { body: Buffer.from([0x80]), properties: { contentType: 'application/x-python-serialize' } },
    ],
    ['that is no result', { body: Buffer.from('[]'), properties: json }],
    ['whose properties were damaged', { body: encodeResult(result), damage: new Error('bits') }],
  ])('logs and acknowledges a message %s, and goes on', async (_what, message) => {
    transport.put('my-replies', message);
    transport.put('my-replies', { body: encodeResult(result), properties: json });
    await until(() => received.length === 1);
    const [line, ...others] = logger.fieldsOf('unreadable result');
    expect(line?.['reason']).toMatch(/\w{3}/);
    expect(others).toEqual([]);
    expect(transport.journal.of('acked')).toHaveLength(2);
  });

  it.each([
    ['is no JSON', Buffer.from('{not json'), json, 'DecodeError'],
    ['is no result', Buffer.from('[]'), json, 'DecodeError'],
    [
      'is pickle',
      Buffer.from([0x80]),
      { contentType: 'application/x-python-serialize' },
      'ContentDisallowed',
    ],
  ])(
    'tells whoever waits that a result %s: it will not come again',
    async (_what, body, properties, type) => {
      transport.put('my-replies', { body, properties: { ...properties, correlationId: 'a' } });
      await until(() => received.length === 1);
      expect(received).toMatchObject([['a', ['FAILURE', { exc_type: type }]]]);
      expect(transport.journal.of('acked')).toHaveLength(1);
    },
  );

  it('gets what was sent while it was away', async () => {
    transport.disconnect();
    expect(replies.isConsuming).toBe(false);
    const other = new InMemoryTransport({ broker: transport.broker });
    other.put('my-replies', { body: encodeResult(result), properties: json });
    transport.reconnect();
    await until(() => received.length === 1);
    await other.close();
  });

  it('deletes its queue when it is closed', async () => {
    await replies.close();
    expect(transport.broker.queueNames).not.toContain('my-replies');
  });
});
