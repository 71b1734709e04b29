import { InMemoryTransport } from './in-memory-transport.ts';

const queue = { name: 'records', durable: true, exclusive: false, autoDelete: false };

describe('the queue operations of InMemoryTransport', () => {
  it('declare and count, take the first message, and delete', async () => {
    const transport = new InMemoryTransport();
    expect(await transport.countMessages(queue)).toBe(0);
    for (const body of ['1', '2']) transport.put(queue.name, { body: Buffer.from(body) });
    expect(await transport.countMessages(queue)).toBe(2);
    expect(await transport.takeMessage(queue.name)).toBe(1);
    expect(transport.messagesIn(queue.name).map(({ body }) => body.toString())).toEqual(['2']);
    expect(await transport.takeMessage(queue.name)).toBe(0);
    expect(await transport.takeMessage(queue.name)).toBe(0); // there is none
    await transport.deleteQueue(queue.name);
    await transport.deleteQueue(queue.name); // it is missing
    await expect(transport.takeMessage(queue.name)).rejects.toMatchObject({ replyCode: 404 });
  });

  it('refuse to declare what exists with other properties', async () => {
    const transport = new InMemoryTransport();
    await transport.countMessages(queue);
    await expect(transport.countMessages({ ...queue, durable: false })).rejects.toMatchObject({
      replyCode: 406,
    });
  });

  it('fail while there is no connection', async () => {
    const transport = new InMemoryTransport();
    transport.disconnect();
    const failed = { code: 'ERR_CONNECTION_CLOSED' };
    await expect(transport.countMessages(queue)).rejects.toMatchObject(failed);
    await expect(transport.takeMessage(queue.name)).rejects.toMatchObject(failed);
    await expect(transport.deleteQueue(queue.name)).rejects.toMatchObject(failed);
  });
});
