import { OperationalError, type OperationalErrorCode } from '@celeriac/amqp-transport';
import { EncodeError } from '@celeriac/protocol';
import { IllegalStateError, ImproperlyConfiguredError } from '@celeriac/primitives';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { plainTask, defineHolder } from '@celeriac/task-registry';
import { RecordingLogger, until } from '@celeriac/testing';
import { Client } from './client.ts';
import { RemoteTaskError, TaskRevokedError } from './task-errors.ts';
import { inMemoryClient } from './testing/in-memory-client.ts';
import { mathTasks } from './testing/math-tasks.ts';
import { failureOf, resultOf } from './testing/results.ts';

/** Queues that the client has declared, in order. */
function watchDeclarations(transport: InMemoryTransport): string[] {
  const queues: string[] = [];
  const declare = transport.declare.bind(transport);
  jest.spyOn(transport, 'declare').mockImplementation((topology) => {
    queues.push(...topology.queues.map(({ name }) => name));
    return declare(topology);
  });
  return queues;
}

describe('Client', () => {
  const clients: Client[] = [];

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  function create(...args: Parameters<typeof inMemoryClient>) {
    const created = inMemoryClient(...args);
    clients.push(created.client);
    return created;
  }

  describe('when it sends a task', () => {
    it('sends it to the queue it is given, else of its holder, else to the default', async () => {
      const otherTasks = defineHolder('other', { greet: plainTask(), leave: plainTask() });
      const { client, lastPublished } = create({
        holders: [mathTasks, otherTasks],
        taskDefaultQueue: 'fallback',
      });
      const queueOf = async (name: string, queue?: string): Promise<string> => {
        await client.sendTask(name, [], {}, queue === undefined ? {} : { queue });
        return lastPublished().routingKey;
      };
      expect(await queueOf('math.add')).toBe('math');
      expect(await queueOf('leave')).toBe('other');
      expect(await queueOf('greet')).toBe('math'); // of two holders the first
      expect(await queueOf('add')).toBe('fallback'); // a key, but no name
      expect(await queueOf('math.add', 'given')).toBe('given');
    });

    it('publishes it as mandatory, once the queue is declared', async () => {
      const { client, transport } = create();
      const declared = watchDeclarations(transport);
      await Promise.all(Array.from({ length: 20 }, () => client.sendTask('add', [7, 2])));
      await client.sendTask('add');
      expect(declared).toEqual(['celery']);
      expect(transport.messagesIn('celery')).toHaveLength(21);
      expect(new Set(transport.published.map(({ properties }) => properties.correlationId)).size).toBe(21);
    });

    it('shares one reply queue between its first calls', async () => {
      const { client, transport } = create();
      await Promise.all(['a', 'b', 'c'].map((queue) => client.sendTask('add', [], {}, { queue })));
      const replyQueues = new Set(transport.published.map(({ properties }) => properties.replyTo));
      expect(replyQueues.size).toBe(1);
      expect([...transport.broker.queueNames].sort()).toEqual(['a', 'b', 'c', ...replyQueues].sort());
    });

    it('declares a queue again that was deleted, and sends the task again', async () => {
      const { client, transport, reply } = create();
      const declared = watchDeclarations(transport);
      await client.sendTask('add');
      transport.broker.deleteQueue('celery');
      const results = await Promise.all([client.sendTask('add'), client.sendTask('add')]);
      expect(declared).toEqual(['celery', 'celery']);
      expect(transport.messagesIn('celery')).toHaveLength(2);
      for (const result of results) {
        await reply(resultOf(result.id));
        expect(await result.get()).toBe(9);
      }
    });

    it('rejects when the queue cannot be found even then', async () => {
      const { client, transport } = create();
      transport.refusePublishes(
        () => new OperationalError('ERR_PUBLISH_UNROUTABLE', 'NO_ROUTE', { replyCode: 312 }),
      );
      const declared = watchDeclarations(transport);
      await expect(client.sendTask('add', [], {}, { taskId: '1' })).rejects.toMatchObject({
        code: 'ERR_PUBLISH_UNROUTABLE',
      });
      expect(declared).toEqual(['celery', 'celery']);
      expect(client.findResult('1')).toBeUndefined();
    });

    it.each<OperationalErrorCode>(['ERR_PUBLISH_REFUSED', 'ERR_CONNECTION_CLOSED'])(
      'rejects with %s, forgets the result, and tells who waits for it',
      async (code) => {
        const { client, transport } = create();
        await client.connected();
        transport.holdConfirms();
        transport.refusePublishes(() => new OperationalError(code, 'scripted'));
        const sending = client.sendTask('add', [], {}, { taskId: '1' });
        await until(() => client.findResult('1') !== undefined);
        const waiting = client.findResult('1')?.get();
        await expect(sending).rejects.toMatchObject({ code, message: 'scripted' });
        await expect(waiting).rejects.toMatchObject({ code: 'ERR_BACKEND' });
        expect(client.findResult('1')).toBeUndefined();
      },
    );

    it('rejects when the confirm does not come in time, and ignores the result that may come', async () => {
      const { client, transport, reply } = create({ publishTimeoutMs: 20 });
      await client.connected();
      transport.holdConfirms();
      await expect(client.sendTask('add', [], {}, { taskId: '1' })).rejects.toMatchObject({
        code: 'ERR_PUBLISH_TIMEOUT',
        recoverable: true,
      });
      expect(client.findResult('1')).toBeUndefined();
      expect(transport.messagesIn('celery')).toHaveLength(1);
      await reply(resultOf('1'));
      expect(client.findResult('1')).toBeUndefined();
    });

    it('gives one result to calls that are sent again under one id', async () => {
      const { client, transport, reply } = create();
      const first = await client.sendTask('add', [7, 2], {}, { taskId: '1' });
      const second = await client.sendTask('add', [7, 2], {}, { taskId: '1' });
      expect(transport.messagesIn('celery')).toHaveLength(2);
      await reply(resultOf('1'));
      await reply(resultOf('1', { result: 'of the duplicate' }));
      expect([await first.get(), await second.get()]).toEqual([9, 9]);
    });

    it.each<
      [string, () => [args: readonly unknown[], options: object], new (...args: never[]) => Error, string]
    >([
      ['option', () => [[], { priority: 300 }], ImproperlyConfiguredError, 'ApplyOptions.priority'],
      ['queue', () => [[], { queue: '' }], ImproperlyConfiguredError, 'ApplyOptions.queue'],
      ['time', () => [[], { countdown: -1 }], ImproperlyConfiguredError, 'ApplyOptions.countdown'],
      ['argument', () => [[() => 1], {}], EncodeError, 'function'],
    ])('refuses a wrong %s before it publishes or declares anything', async (_what, call, type, text) => {
      const { client, transport } = create();
      await client.connected();
      const queuesBefore = [...transport.broker.queueNames];
      const [args, options] = call();
      const sending = client.sendTask('add', args, {}, options);
      await expect(sending).rejects.toThrow(type);
      await expect(sending).rejects.toThrow(text);
      expect(transport.published).toEqual([]);
      expect(transport.broker.queueNames).toEqual(queuesBefore);
    });
  });

  describe('when results come', () => {
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
      const get = result.get();
      await reply(
        failureOf(result.id, {
          status: 'REVOKED',
          result: { exc_type: 'TaskRevokedError', exc_message: ['revoked'], exc_module: 'celery.exceptions' },
        }),
      );
      await expect(get).rejects.toThrow(TaskRevokedError);
      await expect(get).rejects.toMatchObject({ reason: 'revoked' });
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

    it('logs a result that it cannot read, and goes on', async () => {
      const logger = new RecordingLogger();
      const { client, lastPublished, reply, transport } = create({ logger });
      const result = await client.sendTask('add');
      transport.put(lastPublished().properties.replyTo ?? '', {
        properties: { contentType: 'application/json', correlationId: result.id },
        body: Buffer.from('{"status":'),
      });
      await until(() => transport.journal.of('acked').length === 1);
      expect(logger.fieldsOf('unreadable result')).toMatchObject([{ correlationId: result.id }]);
      await reply(resultOf(result.id));
      expect(await result.get()).toBe(9);
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

  describe('when the broker is away', () => {
    it('waits for it with the first call, and with later ones', async () => {
      const { client, transport } = create();
      transport.disconnect();
      const first = client.sendTask('add');
      expect(client.isConnected).toBe(false);
      transport.reconnect();
      await first;
      await until(() => client.isConnected);
      transport.disconnect();
      const later = [client.sendTask('add'), client.sendTask('add', [], {}, { queue: 'undeclared' })];
      transport.reconnect();
      await Promise.all(later);
      expect(transport.messagesIn('celery')).toHaveLength(2);
      expect(transport.messagesIn('undeclared')).toHaveLength(1);
    });

    it.each([
      ['the first call', false, 'celery'],
      ['a call to a queue that is declared', true, 'celery'],
      ['a call to a queue that is not', true, 'undeclared'],
    ])('rejects %s after publishTimeoutMs', async (_which, isFirstSent, queue) => {
      const { client, transport } = create({ publishTimeoutMs: 20 });
      if (isFirstSent) await client.sendTask('add');
      transport.disconnect();
      const sending = client.sendTask('add', [], {}, { queue, taskId: '1' });
      await expect(sending).rejects.toMatchObject({ code: 'ERR_PUBLISH_TIMEOUT' });
      expect(client.findResult('1')).toBeUndefined();
      transport.reconnect();
      await client.connected();
      expect(transport.messagesIn(queue)).toHaveLength(isFirstSent && queue === 'celery' ? 1 : 0);
    });

    it.each([
      ['the first call', false, 'celery'],
      ['a call to a queue that is declared', true, 'celery'],
      ['a call to a queue that is not', true, 'undeclared'],
    ])('rejects %s at once with failFast', async (_which, isFirstSent, queue) => {
      const { client, transport } = create({ failFast: true });
      if (isFirstSent) {
        await client.connected();
        await client.sendTask('add');
      }
      transport.disconnect();
      const sending = client.sendTask('add', [], {}, { queue });
      await expect(sending).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED', recoverable: true });
      transport.reconnect();
      await until(() => client.isConnected);
      await client.sendTask('add', [], {}, { queue });
      expect(transport.messagesIn(queue)).toHaveLength(isFirstSent && queue === 'celery' ? 2 : 1);
    });

    it('is connected again when it can send and its replies arrive', async () => {
      const { client, transport } = create();
      expect(client.isConnected).toBe(false);
      await client.connected();
      expect(client.isConnected).toBe(true);
      transport.setBlocked(true);
      expect(client.isConnected).toBe(false);
      transport.setBlocked(false);
      transport.disconnect();
      expect(client.isConnected).toBe(false);
      transport.reconnect();
      expect(client.isConnected).toBe(false); // the reply queue is not consumed yet
      await until(() => client.isConnected);
    });

    it('connects as soon as it is made, and connect waits for it', async () => {
      const transport = new InMemoryTransport();
      transport.disconnect();
      let client: Client | undefined;
      const connecting = Client.connect({ brokerUrl: 'amqp://in.memory', transport }).then(
        (connected) => (client = connected),
      );
      await until(() => transport.broker.queueNames.length === 0);
      expect(client).toBeUndefined();
      transport.reconnect();
      clients.push(await connecting);
      expect(client?.isConnected).toBe(true);
    });
  });

  describe('when it is closed', () => {
    it('rejects who waits for results, with the reason', async () => {
      const { client } = create();
      const results = [await client.sendTask('add'), await client.sendTask('add')];
      const gets = results.map((result) => result.get());
      await client.close();
      for (const [at, get] of gets.entries()) {
        await expect(get).rejects.toMatchObject({
          code: 'ERR_BACKEND',
          message: `task ${results[at]?.id ?? ''}: the client was closed before its result came`,
        });
      }
      await expect(results[0]?.get()).rejects.toThrow('the client was closed');
    });

    it('waits for the confirms of what was sent', async () => {
      const { client, transport } = create();
      await client.connected();
      transport.holdConfirms();
      const sending = client.sendTask('add');
      await until(() => transport.published.length === 1);
      const closing = client.close();
      transport.releaseConfirms();
      await expect(sending).resolves.toMatchObject({ name: 'add' });
      await closing;
    });

    it('gives up confirms that do not come', async () => {
      const { client, transport } = create();
      await client.connected();
      transport.holdConfirms();
      const sending = client.sendTask('add');
      await until(() => transport.published.length === 1);
      await Promise.all([
        client.close({ drainMs: 10 }),
        expect(sending).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED' }),
      ]);
    });

    it('rejects calls that wait for the broker, and whoever waits to be connected', async () => {
      const { client, transport } = create();
      transport.disconnect();
      const sending = client.sendTask('add');
      const connecting = client.connected();
      await Promise.all([
        expect(sending).rejects.toThrow(IllegalStateError),
        expect(sending).rejects.toThrow(
          'the client was closed before the broker could be reached; nothing was sent',
        ),
        expect(connecting).rejects.toThrow(IllegalStateError),
        client.close(),
      ]);
      await expect(client.connected()).rejects.toThrow(IllegalStateError);
    });

    it('refuses calls, by name', async () => {
      const { client, transport } = create();
      await client.close();
      await expect(client.sendTask('add')).rejects.toThrow(
        new IllegalStateError('the client is closed; add was not sent'),
      );
      expect(transport.published).toEqual([]);
      expect(client.isConnected).toBe(false);
    });

    it('closes once, however often it is told to', async () => {
      const { client, transport } = create();
      const close = jest.spyOn(transport, 'close');
      await Promise.all([client.close(), client.close()]);
      await client.close();
      expect(close).toHaveBeenCalledTimes(1);
    });

    it('leaves no timers behind', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick', 'performance'] });
      try {
        const { client, transport } = inMemoryClient();
        await client.sendTask('add');
        transport.disconnect();
        const sending = client.sendTask('add', [], {}, { queue: 'undeclared' });
        const get = (await client.sendTask('add', [], {}, { ignoreResult: true })).wait(1000);
        void get;
        await Promise.all([expect(sending).rejects.toThrow(IllegalStateError), client.close()]);
        expect(jest.getTimerCount()).toBe(0);
      } finally {
        jest.useRealTimers();
      }
    });
  });
});
