import { OperationalError, type OperationalErrorCode } from '@celeriac/amqp-transport';
import { EncodeError } from '@celeriac/protocol';
import { IllegalStateError, ImproperlyConfiguredError } from '@celeriac/primitives';
import type { InMemoryTransport } from '@celeriac/in-memory-transport';
import { plainTask, defineHolder } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import type { Client } from './client.ts';
import { inMemoryClient } from './testing/in-memory-client.ts';
import { mathTasks } from './testing/math-tasks.ts';
import { resultOf } from './testing/results.ts';

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

    it('declares a queue before the next call when that failed meanwhile', async () => {
      const { client, transport } = create();
      await client.sendTask('add');
      transport.broker.deleteQueue('celery');
      const refusal = new OperationalError('ERR_CHANNEL_CLOSED', 'RESOURCE_LOCKED', { replyCode: 405 });
      jest.spyOn(transport, 'declare').mockRejectedValueOnce(refusal);
      await expect(client.sendTask('add')).rejects.toBe(refusal);
      const publishedBefore = transport.published.length;
      await client.sendTask('add');
      expect(transport.published).toHaveLength(publishedBefore + 1); // none of it came back
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
        const { client, transport } = create();
        const result = await client.sendTask('add');
        const waiting = result.wait(1000);
        transport.disconnect();
        const sending = client.sendTask('add', [], {}, { queue: 'undeclared' });
        expect(jest.getTimerCount()).toBe(2);
        await Promise.all([expect(sending).rejects.toThrow(IllegalStateError), client.close()]);
        expect(await waiting).toBe(false);
        expect(jest.getTimerCount()).toBe(0);
      } finally {
        jest.useRealTimers();
      }
    });
  });
});
