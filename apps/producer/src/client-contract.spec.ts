import { calculatorHolders } from '@celeriac/calculator';
import { Client } from '@celeriac/client';
import { encodeResult, openTaskMessage } from '@celeriac/protocol';
import type { IncomingMessage } from '@celeriac/protocol';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { until } from '@celeriac/testing';

import { createServer } from './server.ts';

const json = { 'content-type': 'application/json' };

/** The producer on a real client, whose broker is in memory. */
async function startProducer() {
  const transport = new InMemoryTransport();
  const client = new Client({
    brokerUrl: 'amqp://in.memory',
    transport,
    holders: calculatorHolders,
    failFast: true,
  });
  await client.connected();
  return { transport, client, server: createServer({ client, holders: calculatorHolders }) };
}

describe('the server on the Celery client', () => {
  it('publishes what HTTP was given, and shows the reply of the worker', async () => {
    const { transport, client, server } = await startProducer();
    try {
      const accepted = await server.inject({
        method: 'POST',
        url: '/tasks/add',
        headers: json,
        payload:
          '{"args": [{"num_1": 7.0, "num_2": 2}], "options": {"task_id": "t-1", "priority": 3, "headers": {"tenant": "a"}}}',
      });
      expect(accepted.statusCode).toBe(202);
      const [published] = transport.published;
      const message: IncomingMessage = {
        properties: published?.properties ?? {},
        headers: published?.headers ?? {},
        body: published?.body ?? Buffer.alloc(0),
      };
      expect(published).toMatchObject({
        routingKey: 'addition',
        properties: { correlationId: 't-1', priority: 3 },
      });
      expect(message.headers).toMatchObject({ task: 'add', id: 't-1', tenant: 'a' });
      expect(message.body.toString()).toBe(
        '[[{"num_1": 7.0, "num_2": 2}], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]',
      );

      const { replyTo = '' } = openTaskMessage(message);
      const waiting = server.inject('/tasks/t-1?wait=5').then((answer) => answer.body);
      await until(() => client.findResult('t-1')?.isAwaited === true);
      transport.put(replyTo, {
        properties: { contentType: 'application/json', contentEncoding: 'utf-8', correlationId: 't-1' },
        body: encodeResult({
          taskId: 't-1',
          status: 'SUCCESS',
          result: 9,
          traceback: null,
          children: [],
          dateDone: new Date(0),
        }),
      });

      expect(await waiting).toBe('{"id": "t-1", "name": "add", "state": "SUCCESS", "result": 9.0}');
    } finally {
      await server.close();
      await client.close();
    }
  });

  it('answers Done once every call of create_tasks is confirmed', async () => {
    const { transport, client, server } = await startProducer();
    try {
      const response = await server.inject('/create_tasks/300');

      expect(response.body).toBe('Done 300');
      expect(transport.published).toHaveLength(1200);
      const queues = transport.published.map(({ routingKey }) => routingKey);
      for (const { queue } of calculatorHolders)
        expect(queues.filter((one) => one === queue)).toHaveLength(300);
    } finally {
      await server.close();
      await client.close();
    }
  });
});
