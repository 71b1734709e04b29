import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { until } from '@celeriac/testing';
import { Client } from './client.ts';
import { inMemoryClient } from './testing/in-memory-client.ts';

describe('Client, when the broker is away,', () => {
  const clients: Client[] = [];

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  function create(...args: Parameters<typeof inMemoryClient>) {
    const created = inMemoryClient(...args);
    clients.push(created.client);
    return created;
  }

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
