import { RecordingLogger, until } from '@celeriac/testing';
import type { Client } from './client.ts';
import { RemoteTaskError, TaskRevokedError } from './task-errors.ts';
import { inMemoryClient } from './testing/in-memory-client.ts';
import { failureOf, resultOf } from './testing/results.ts';

describe('Client, when results come,', () => {
  const clients: Client[] = [];

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  function create(...args: Parameters<typeof inMemoryClient>) {
    const created = inMemoryClient(...args);
    clients.push(created.client);
    return created;
  }

  it.each(['FAILURE', 'RETRY'])('types the exception of %s', async (status) => {
    const { client, reply } = create();
    const result = await client.sendTask('divide');
    await reply(failureOf(result.id, { status }));
    expect(result.error).toEqual({
      excType: 'ValueError',
      excModule: 'builtins',
      excArgs: ["could not convert string to float: 'abc'"],
      message: "could not convert string to float: 'abc'",
      traceback: 'Traceback (most recent call last):\nValueError: could not convert string to float',
    });
    if (status === 'FAILURE') await expect(result.get()).rejects.toThrow(RemoteTaskError);
    else expect(result.isReady).toBe(false);
  });

  it('rejects with TaskRevokedError for a revoked task', async () => {
    const { client, reply } = create();
    const result = await client.sendTask('add');
    await reply(
      failureOf(result.id, {
        status: 'REVOKED',
        result: { exc_type: 'TaskRevokedError', exc_message: ['revoked'], exc_module: 'celery.exceptions' },
      }),
    );
    await expect(result.get()).rejects.toThrow(TaskRevokedError);
    await expect(result.get()).rejects.toMatchObject({ reason: 'revoked' });
  });

  it.each([
    ['result_accept_content', { resultAcceptContent: ['msgpack'] }],
    ['accept_content, where the former is not given', { acceptContent: ['json', 'msgpack'] }],
  ])('reads those of other serializers that %s names', async (_setting, options) => {
    const { client, reply } = create(options);
    const result = await client.sendTask('add');
    await reply(resultOf(result.id), 'msgpack');
    expect(await result.get()).toBe(9);
  });

  it('reads no other serializer than JSON by default', async () => {
    const logger = new RecordingLogger();
    const { client, reply } = create({ logger });
    const result = await client.sendTask('add');
    await reply(resultOf(result.id), 'msgpack');
    expect([result.state, logger.fieldsOf('unreadable result').length]).toEqual(['FAILURE', 1]);
  });

  it('ignores results of tasks that it did not send', async () => {
    const { client, reply, transport } = create();
    const result = await client.sendTask('add');
    await reply(resultOf('someone else’s'));
    await reply(resultOf(result.id));
    expect(await result.get()).toBe(9);
    expect(client.findResult('someone else’s')).toBeUndefined();
    expect(transport.journal.of('acked')).toHaveLength(2);
  });

  it('fails a call whose result it cannot read, logs that, and goes on', async () => {
    const logger = new RecordingLogger();
    const { client, lastPublished, reply, transport } = create({ logger });
    const result = await client.sendTask('add');
    transport.put(lastPublished().properties.replyTo ?? '', {
      properties: { contentType: 'application/json', correlationId: result.id },
      body: Buffer.from('{"status":'),
    });
    await until(() => transport.journal.of('acked').length === 1);
    expect(logger.fieldsOf('unreadable result')).toMatchObject([{ correlationId: result.id }]);
    await expect(result.get()).rejects.toMatchObject({ code: 'ERR_REMOTE_TASK' });
    const next = await client.sendTask('add');
    await reply(resultOf(next.id));
    expect(await next.get()).toBe(9);
  });

  it('finds the results of what it has sent, until there are too many', async () => {
    const { client } = create({ resultCacheMax: 2 });
    const results = [];
    for (let at = 0; at < 3; at++) results.push(await client.sendTask('add'));
    expect(results.map(({ id }) => client.findResult(id))).toEqual([undefined, results[1], results[2]]);
  });

  it.each<[string, Parameters<typeof inMemoryClient>[0], object]>([
    ['the call does not want', {}, { ignoreResult: true }],
    ['no call wants', { taskIgnoreResult: true }, {}],
    ['have no backend', { resultBackend: 'disabled://' }, {}],
  ])('waits for none that %s', async (_why, options, callOptions) => {
    const { client, lastPublished } = create(options);
    const result = await client.sendTask('add', [], {}, callOptions);
    await expect(result.get()).rejects.toMatchObject({ code: 'ERR_BACKEND' });
    expect(lastPublished().headers['ignore_result']).toBe(options?.resultBackend === undefined);
  });

  it('has no reply queue without a result backend', async () => {
    const { client, transport, lastPublished } = create({ resultBackend: 'disabled://' });
    await client.sendTask('add');
    expect(transport.broker.queueNames).toEqual(['celery']);
    expect(lastPublished().properties.replyTo).toBe('');
  });

  it('lets a call ask for the result that calls do not want by default', async () => {
    const { client, reply } = create({ taskIgnoreResult: true });
    const result = await client.sendTask('add', [], {}, { ignoreResult: false });
    await reply(resultOf(result.id));
    expect(await result.get()).toBe(9);
  });

  it('receives those that were sent while it was disconnected', async () => {
    const { client, transport, lastPublished, reply } = create();
    const result = await client.sendTask('add');
    const { replyTo } = lastPublished().properties;
    transport.disconnect();
    expect(transport.broker.queueNames).toContain(replyTo);
    const replying = reply(resultOf(result.id));
    transport.reconnect();
    await replying;
    expect(await result.get()).toBe(9);
  });
});
