import type { Client } from './client.ts';
import { inMemoryClient } from './testing/in-memory-client.ts';

describe('Client, when a result is not to be kept,', () => {
  const clients: Client[] = [];

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  function create(...args: Parameters<typeof inMemoryClient>) {
    const created = inMemoryClient(...args);
    clients.push(created.client);
    return created;
  }

  it('sends the message that any call sends, with the name of a queue that does not exist as its reply_to', async () => {
    const { client, transport } = create();
    const taskId = 'same-id';
    await client.sendTask('add', [1, 2], {}, { taskId: 'kept' });
    await client.sendTask('add', [1, 2], {}, { taskId }, { keepResult: false });

    const [kept, unkept] = transport.published;
    expect(unkept?.headers).toEqual({ ...kept?.headers, id: taskId, root_id: taskId });
    expect(unkept?.body).toEqual(kept?.body);
    expect(unkept?.properties).toEqual({
      ...kept?.properties,
      correlationId: taskId,
      replyTo: unkept?.properties.replyTo,
    });
    expect(unkept?.properties.replyTo).toMatch(/^[\da-f-]{36}$/);
    expect(unkept?.properties.replyTo).not.toBe(kept?.properties.replyTo);
  });

  it('asks for none where the client has no result backend', async () => {
    const { client, lastPublished } = create({ resultBackend: 'disabled://' });
    await client.sendTask('add', [], {}, {}, { keepResult: false });
    expect(lastPublished().properties.replyTo ?? '').toBe('');
  });

  it('keeps nothing, and so drops no other result', async () => {
    const { client } = create({ resultCacheMax: 1 });
    const { id } = await client.sendTask('add');
    for (let at = 0; at < 20; at++) {
      const unkept = await client.sendTask('add', [], {}, {}, { keepResult: false });
      expect(client.findResult(unkept.id)).toBeUndefined();
      await expect(unkept.get()).rejects.toMatchObject({ code: 'ERR_BACKEND' });
    }
    expect(client.findResult(id)?.id).toBe(id);
  });

  it('forgets a result on request, and tells the caller that waits for it', async () => {
    const { client } = create();
    const result = await client.sendTask('add');
    const waiting = result.get();
    client.forgetResult(result.id);
    client.forgetResult('unknown');
    await expect(waiting).rejects.toMatchObject({
      code: 'ERR_BACKEND',
      message: `the result of task ${result.id} was forgotten on request`,
    });
    expect(client.findResult(result.id)).toBeUndefined();
  });
});
