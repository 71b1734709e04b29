import type { Socket } from 'node:net';

import { calculatorHolders } from '@celeriac/calculator';
import { CeleryError } from '@celeriac/primitives';
import type { HolderTask } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import type { FastifyInstance } from 'fastify';

import { problemContentType } from '../problem.ts';
import { createTestProducer } from '../testing/producer.ts';
import { dial } from '../testing/raw-http.ts';

async function rounds(server: FastifyInstance, count: number): Promise<number> {
  return (await server.inject(`/create_tasks/${count}`)).statusCode;
}

describe('GET /create_tasks/:count', () => {
  const { client, server } = createTestProducer();

  beforeEach(() => {
    client.reset();
  });

  it.each([0, 1, 3, 250])('publishes %i rounds of the four operations and answers Done', async (count) => {
    const response = await server.inject(`/create_tasks/${count}`);

    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(response.body).toBe(`Done ${count}`);
    expect(client.sent).toHaveLength(4 * count);
    for (const { queue, tasks } of calculatorHolders) {
      const calls = client.sent.filter(({ options }) => options.queue === queue);
      expect(calls).toHaveLength(count);
      for (const { name } of calls)
        expect(Object.values<HolderTask>(tasks).map((task) => task.name)).toContain(name);
    }
  });

  it('gives the operations of a round the same integer operands, and chooses between the real and the fake task', async () => {
    await server.inject('/create_tasks/200');

    const payloads = new Set<string>();
    for (let round = 0; round < 200; round++) {
      const calls = client.sent.slice(4 * round, 4 * round + 4);
      const [first] = calls;
      for (const { args, kwargs } of calls) {
        expect(args).toEqual(first?.args);
        expect(args).toEqual([{ num_1: expect.any(Number) as number, num_2: expect.any(Number) as number }]);
        expect(kwargs).toEqual({});
        const { num_1, num_2 } = args[0] as { num_1: number; num_2: number };
        for (const operand of [num_1, num_2])
          expect([Number.isInteger(operand), operand >= 0, operand <= 100]).toEqual([true, true, true]);
      }
      payloads.add(JSON.stringify(first?.args));
    }
    expect(payloads.size).toBeGreaterThan(100);
    const names = new Set(client.sent.map(({ name }) => name));
    expect(names).toEqual(
      new Set([
        'add',
        'fakeadd',
        'subtract',
        'fakesubtract',
        'multiply',
        'fakemultiply',
        'divide',
        'fakedivide',
      ]),
    );
  });

  it.each([
    [0, 0, 'add'],
    [0.999999, 100, 'fakeadd'],
  ])('takes operands and tasks from its source of chance (%d)', async (chance, operand, name) => {
    const { client, server } = createTestProducer({ random: () => chance });

    await server.inject('/create_tasks/1');

    expect(client.sent[0]).toMatchObject({ name, args: [{ num_1: operand, num_2: operand }] });
  });

  it('answers only after every publish was confirmed, with a bounded number in flight', async () => {
    const { client, server } = createTestProducer({ maxUnconfirmed: 8 });
    let confirmLast: () => void = () => undefined;
    const lastConfirm = new Promise<void>((resolve) => (confirmLast = resolve));
    const lastPublished = new Promise<void>((resolve) => {
      client.broker = (publish) => {
        if (publish < 40) return Promise.resolve();
        resolve();
        return lastConfirm;
      };
    });

    let isAnswered = false;
    const answer = server.inject('/create_tasks/10').then((response) => {
      isAnswered = true;
      return response;
    });
    await lastPublished;
    await new Promise(setImmediate);
    expect(isAnswered).toBe(false);
    confirmLast();

    expect((await answer).body).toBe('Done 10');
    expect(client.sent).toHaveLength(40);
    expect(client.mostUnconfirmed).toBe(8);
  });

  it.each(['-1', '1.5', 'abc', '10001', '1e3', '0x10', '%20', '1_000', '99999999999999999999999999'])(
    'refuses the count %s, names it and publishes nothing',
    async (count) => {
      const response = await server.inject(`/create_tasks/${count}`);

      expect(response.statusCode).toBe(400);
      expect(response.headers['content-type']).toBe(problemContentType);
      expect(response.json()).toMatchObject({
        type: 'urn:celeriac:problem:invalid-parameter',
        status: 400,
        errors: [
          {
            field: 'count',
            message: expect.stringMatching(/^must be an integer from 0 to 10000, got "/) as string,
          },
        ],
      });
      expect(client.sent).toEqual([]);
    },
  );

  it('takes its largest count from its options', async () => {
    const { client, server } = createTestProducer({ maxCreateCount: 2 });

    expect((await server.inject('/create_tasks/2')).statusCode).toBe(200);
    expect((await server.inject('/create_tasks/3')).statusCode).toBe(400);
    expect(client.sent).toHaveLength(8);
  });

  it('answers 503 at once and publishes nothing while the broker is away', async () => {
    client.isConnected = false;

    const response = await server.inject('/create_tasks/5');

    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('2');
    expect(response.json()).toMatchObject({ type: 'urn:celeriac:problem:broker-unavailable', published: 0 });
    expect(client.sent).toEqual([]);
  });

  it('stops at the first publish that fails and tells how many calls were confirmed', async () => {
    const { client, server } = createTestProducer({ maxUnconfirmed: 1 });
    client.broker = (publish) => {
      if (publish === 7) throw new CeleryError('ERR_PUBLISH_TIMEOUT', 'not confirmed within 5000 ms');
    };

    const response = await server.inject('/create_tasks/1000');

    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({ type: 'urn:celeriac:problem:publish-unconfirmed', published: 6 });
    expect(client.sent).toHaveLength(7);
  });

  it('counts the calls that were in flight when another failed', async () => {
    const { client, server } = createTestProducer({ maxUnconfirmed: 10 });
    client.broker = async (publish) => {
      if (publish === 2) throw new CeleryError('ERR_CONNECTION_CLOSED', 'connection closed');
      await new Promise(setImmediate);
    };

    const response = await server.inject('/create_tasks/1000');

    expect(response.json()).toMatchObject({ status: 503, published: client.sent.length - 1 });
    expect(client.sent).toHaveLength(10);
  });

  it('keeps no results, which nobody could ask for', async () => {
    await server.inject('/create_tasks/3');

    expect(client.sent.map(({ form }) => form)).toEqual(
      Array.from({ length: 12 }, () => ({ keepResult: false })),
    );
    expect(client.results.size).toBe(0);
  });

  it.each([
    ['closes its connection', (socket: Socket) => socket.destroy()],
    ['ends its side of it', (socket: Socket) => socket.end()],
    ['resets it', (socket: Socket) => socket.resetAndDestroy()],
  ])('stops when the client %s', async (_how, leave) => {
    const { client, server } = createTestProducer();
    client.broker = () => new Promise(setImmediate);
    await server.listen({ host: '127.0.0.1', port: 0 });
    try {
      const socket = dial(server);
      socket.write('GET /create_tasks/10000 HTTP/1.1\r\nHost: a\r\n\r\n');
      await until(() => client.sent.length > 500);
      leave(socket);
      await until(() => client.unconfirmed === 0);
      const sent = client.sent.length;
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);

      expect(client.sent.length).toBe(sent);
      expect(sent).toBeLessThan(40_000);
    } finally {
      await server.close();
    }
  });

  it('stops all requests that a client has pipelined when it leaves', async () => {
    const { client, server } = createTestProducer();
    client.broker = () => new Promise(setImmediate);
    await server.listen({ host: '127.0.0.1', port: 0 });
    try {
      const socket = dial(server);
      socket.write('GET /create_tasks/2000 HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(4));
      await until(() => client.mostUnconfirmed > 512);
      socket.destroy();
      await until(() => client.unconfirmed === 0);

      expect(client.sent.length).toBeLessThan(32_000);
      expect(await rounds(server, 10_000)).toBe(200);
    } finally {
      await server.close();
    }
  });

  describe('with others under way', () => {
    /** A producer whose publishes wait until they are told. */
    function hold(options: Parameters<typeof createTestProducer>[0]) {
      const { client, server } = createTestProducer(options);
      let confirm: () => void = () => undefined;
      const confirmed = new Promise<void>((resolve) => (confirm = resolve));
      client.broker = () => confirmed;
      return { client, server, confirm };
    }

    it('shares the largest count with them, and answers 429 past it', async () => {
      const { client, server, confirm } = hold({ maxCreateCount: 10 });
      const first = rounds(server, 6);
      await until(() => client.sent.length === 24);
      const refused = await server.inject('/create_tasks/5');
      const second = rounds(server, 4);
      await until(() => client.sent.length === 40);

      expect(refused.statusCode).toBe(429);
      expect(refused.headers['retry-after']).toBe('2');
      expect(refused.json()).toMatchObject({ type: 'urn:celeriac:problem:too-many-tasks' });
      expect(await rounds(server, 0)).toBe(200);
      confirm();
      expect(await Promise.all([first, second])).toEqual([200, 200]);
      expect(await rounds(server, 10)).toBe(200);
    });

    it('gives back what a request had that failed', async () => {
      const { client, server } = createTestProducer({ maxCreateCount: 10 });
      client.broker = () => {
        throw new CeleryError('ERR_PUBLISH_REFUSED', 'nacked');
      };
      expect(await rounds(server, 10)).toBe(503);
      client.broker = () => undefined;
      expect(await rounds(server, 10)).toBe(200);
    });

    it('has no more calls in flight than four requests may have, and one for each further request', async () => {
      const { client, server, confirm } = hold({ maxUnconfirmed: 8 });
      const answers = Array.from({ length: 10 }, () => rounds(server, 100));
      await until(() => client.sent.length >= 4 * 8 + 6);
      confirm();

      expect(client.mostUnconfirmed).toBe(4 * 8 + 6);
      expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
    });
  });

  it.each(['HEAD', 'POST', 'DELETE'] as const)('refuses %s and publishes nothing', async (method) => {
    const response = await server.inject({ method, url: '/create_tasks/1' });

    expect(response.statusCode).toBe(405);
    expect(response.headers.allow).toBe('GET');
    expect(client.sent).toEqual([]);
  });
});
