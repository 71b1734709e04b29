import { OperationalError } from '@celeriac/amqp-transport';
import type { AfterTaskPublish, BeforeTaskPublish } from '@celeriac/primitives';
import { RecordingLogger } from '@celeriac/testing';
import type { Client } from './client.ts';
import { inMemoryClient } from './testing/in-memory-client.ts';

describe('Client.signals', () => {
  const clients: Client[] = [];

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  function create(...args: Parameters<typeof inMemoryClient>) {
    const created = inMemoryClient(...args);
    clients.push(created.client);
    return created;
  }

  it('tell of a call before it is published, and after its confirm', async () => {
    const { client, transport } = create();
    const told: [string, number, BeforeTaskPublish | AfterTaskPublish][] = [];
    client.signals.beforeTaskPublish.connect((call) =>
      told.push(['before', transport.published.length, call]),
    );
    client.signals.afterTaskPublish.connect((call) => told.push(['after', transport.published.length, call]));
    const { id } = await client.sendTask('add', [1, 2], {}, { queue: 'math' });
    const call = { task: 'add', taskId: id, exchange: '', routingKey: 'math' };
    expect(told).toMatchObject([
      ['before', 0, call],
      ['after', 1, call],
    ]);
  });

  it('send the headers along that a receiver sets', async () => {
    const { client, lastPublished } = create();
    client.signals.beforeTaskPublish.connect(({ headers }) => {
      headers['traceparent'] = '00-abc';
    });
    await client.sendTask('add', [], {}, { headers: { tenant: 'acme' } });
    expect(lastPublished().headers).toMatchObject({ task: 'add', tenant: 'acme', traceparent: '00-abc' });
  });

  it('are not held up by a receiver that throws, which is logged', async () => {
    const logger = new RecordingLogger();
    const { client, transport } = create({ logger });
    client.signals.beforeTaskPublish.connect(() => {
      throw new Error('no tracer');
    });
    await client.sendTask('add');
    expect(transport.published).toHaveLength(1);
    expect(logger.fieldsOf('receiver of a signal failed')).toMatchObject([{ signal: 'before_task_publish' }]);
  });

  it('say nothing after a call that the broker did not take', async () => {
    const { client, transport } = create();
    transport.refusePublishes(() => new OperationalError('ERR_PUBLISH_REFUSED', 'no room'));
    let count = 0;
    client.signals.afterTaskPublish.connect(() => count++);
    await expect(client.sendTask('add')).rejects.toThrow('no room');
    expect(count).toBe(0);
  });
});
