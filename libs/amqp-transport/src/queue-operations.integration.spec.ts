import { until } from '@celeriac/testing';
import { randomUUID } from 'node:crypto';
import { AmqpTransport } from './amqp-transport.ts';

/** The broker of the integration specs. */
const brokerUrl = process.env['CELERIAC_TEST_BROKER_URL'] ?? '';

describe('the queue operations of AmqpTransport', () => {
  const queue = {
    name: `celeriac-operations-${randomUUID()}`,
    durable: true,
    exclusive: false,
    autoDelete: false,
    arguments: { 'x-queue-type': 'classic', 'x-expires': 60_000 },
  };
  let transport: AmqpTransport;

  beforeAll(async () => {
    transport = new AmqpTransport({ brokerUrl, name: 'operations' });
    const publisher = transport.publisher({ confirm: true });
    await until(() => publisher.isReady, { what: 'the publisher is ready' });
    await publisher.close();
  });

  afterAll(() => transport.close());

  it('declare and count, take the first message, and delete', async () => {
    expect(await transport.countMessages(queue)).toBe(0);
    const publisher = transport.publisher({ confirm: true });
    for (const body of ['1', '2'])
      await publisher.publish({
        exchange: '',
        routingKey: queue.name,
        headers: {},
        properties: {},
        body: Buffer.from(body),
        mandatory: true,
      });
    expect(await transport.countMessages(queue)).toBe(2);
    expect(await transport.takeMessage(queue.name)).toBe(1);
    expect(await transport.takeMessage(queue.name)).toBe(0);
    expect(await transport.takeMessage(queue.name)).toBe(0); // there is none
    await transport.deleteQueue(queue.name);
    await transport.deleteQueue(queue.name); // it is missing
    await expect(transport.takeMessage(queue.name)).rejects.toMatchObject({ replyCode: 404 });
  });

  it('refuse to declare what exists with other properties', async () => {
    await transport.countMessages(queue);
    await expect(transport.countMessages({ ...queue, arguments: {} })).rejects.toMatchObject({
      replyCode: 406,
    });
    await transport.deleteQueue(queue.name);
  });
});
