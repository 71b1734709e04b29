import type { RunnableApp } from '@celeriac/app-shell';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { taskQueueTopology } from '@celeriac/protocol';
import { RecordingLogger, until } from '@celeriac/testing';
import { purgeBefore } from './purge-before.ts';

describe('purgeBefore', () => {
  let transport: InMemoryTransport;
  let calls: string[];
  let worker: RunnableApp;
  let logger: RecordingLogger;

  beforeEach(async () => {
    transport = new InMemoryTransport();
    await transport.declare(taskQueueTopology(['addition', 'other']));
    for (const queue of ['addition', 'addition', 'other']) transport.put(queue, { body: Buffer.from('[]') });
    calls = [];
    logger = new RecordingLogger();
    worker = {
      isReady: true,
      done: Promise.resolve(),
      start: () => {
        calls.push(`start with ${transport.broker.messagesIn('addition').length}`);
        return Promise.resolve();
      },
      stop: ({ mode }) => {
        calls.push(`stop ${mode}`);
        return Promise.resolve();
      },
    };
  });

  it('empties the queues, and no other, before the worker starts', async () => {
    const app = purgeBefore(worker, { queues: ['addition'], logger, transport });

    await app.start();

    expect(calls).toEqual(['start with 0']);
    expect(transport.broker.messagesIn('other').length).toBe(1);
    expect(transport.isConnected).toBe(false);
    expect(logger.lines).toMatchObject([
      { message: 'queues purged', fields: { queues: ['addition'], count: 2 } },
    ]);
  });

  it('is as ready as the worker, and as done', async () => {
    const app = purgeBefore(worker, { queues: ['addition'], logger, transport });

    expect(app.isReady).toBe(true);
    await expect(app.done).resolves.toBeUndefined();
  });

  it('stops while it waits for the broker, and does not start the worker then', async () => {
    transport.disconnect();
    const purge = jest.spyOn(transport, 'purge');
    const app = purgeBefore(worker, { queues: ['addition'], logger, transport });
    const starting = app.start();
    await until(() => purge.mock.calls.length > 0);

    await app.stop({ mode: 'warm' });

    await expect(starting).rejects.toThrow('abort');
    expect(calls).toEqual(['stop warm']);
  });
});
