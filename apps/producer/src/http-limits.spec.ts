import { once } from 'node:events';
import type { Socket } from 'node:net';

import { until } from '@celeriac/testing';

import { FakeTaskResult } from './testing/fake-task-client.ts';
import { createTestProducer } from './testing/producer.ts';
import { answerOn, dial, exchange } from './testing/raw-http.ts';
import type { RawAnswer } from './testing/raw-http.ts';
import type { ServerOptions } from './server.ts';

const megabyte = 1024 * 1024;

describe('the HTTP server', () => {
  const stops: (() => unknown)[] = [];

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  async function listen(options: Partial<ServerOptions> = {}) {
    const producer = createTestProducer(options);
    await producer.server.listen({ host: '127.0.0.1', port: 0 });
    stops.push(() => producer.server.close());
    const open = (): Socket => {
      const socket = dial(producer.server);
      stops.push(() => socket.destroy());
      return socket;
    };
    return { ...producer, open };
  }

  const head = (length: number | 'chunked', close = true): string =>
    `POST /tasks/anything HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${
      length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
    }\r\n${close ? 'Connection: close\r\n' : ''}\r\n`;

  const write = (socket: Socket, bytes: string): Promise<void> =>
    new Promise((resolve) => {
      socket.write(bytes, () => {
        resolve();
      });
    });

  it.each([
    ['a body', head(100) + '{"args": ['],
    ['a head', 'POST /tasks/anything HTTP/1.1\r\nHost: a\r\nX-Slow'],
    ['a request', ''],
  ])('answers 408 when the rest of %s does not come', async (_what, bytes) => {
    const { server, client } = await listen({ requestTimeoutMs: 100 });
    const answer = await exchange(server, bytes);
    expect(answer).toMatchObject({ status: 408 });
    expect(answer?.head).toContain('X-Content-Type-Options: nosniff');
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ type: 'urn:celeriac:problem:request-timeout' });
    expect(client.sent).toEqual([]);
  });

  it('has unfinished bodies give way to later ones, and still takes a call', async () => {
    const { client, server, open } = await listen({ maxHeldBytes: 2 * megabyte });
    const answers: (RawAnswer | undefined)[] = [];
    for (let at = 0; at < 4; at++) {
      const socket = open();
      void answerOn(socket).then((answer) => answers.push(answer));
      await write(socket, head(megabyte) + 'x'.repeat(megabyte - 10));
    }
    await until(() => answers.length === 2);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 503,
        head: expect.stringMatching(/retry-after: 2/i) as string,
        body: expect.stringContaining('urn:celeriac:problem:overloaded') as string,
      });
    }

    expect(await exchange(server, `${head(2)}{}`)).toMatchObject({ status: 202 });
    expect(client.sent).toHaveLength(1);
  });

  it('answers 503 to a call that has no room beside those under way, and takes it when there is', async () => {
    const { client, server, open } = await listen({ maxHeldBytes: megabyte });
    let confirm: () => void = () => undefined;
    const confirmed = new Promise<void>((resolve) => (confirm = resolve));
    client.broker = () => confirmed;
    const large = JSON.stringify({ args: ['x'.repeat(600_000)] });
    const first = open();
    const answer = answerOn(first);
    await write(first, head(large.length) + large);
    await until(() => client.sent.length === 1);

    expect(await exchange(server, head(large.length) + large)).toMatchObject({ status: 503 });
    confirm();
    expect(await answer).toMatchObject({ status: 202 });
    expect(await exchange(server, head(large.length) + large)).toMatchObject({ status: 202 });
  });

  it('counts the values of a body, which take more than their text', async () => {
    const { client, server, open } = await listen({ maxHeldBytes: 4 * megabyte });
    let confirm: () => void = () => undefined;
    const confirmed = new Promise<void>((resolve) => (confirm = resolve));
    client.broker = () => confirmed;
    const lists = `{"args": [${'[],'.repeat(50_000)}[]]}`;
    const first = open();
    const answer = answerOn(first);
    await write(first, head(lists.length) + lists);
    await until(() => client.sent.length === 1);

    expect(await exchange(server, head(lists.length) + lists)).toMatchObject({ status: 503 });
    confirm();
    expect(await answer).toMatchObject({ status: 202 });
  });

  it('frees what a client held that left', async () => {
    const { server, open, client } = await listen({ maxHeldBytes: megabyte });
    const large = JSON.stringify({ args: ['x'.repeat(900_000)] });
    client.broker = () => new Promise(() => undefined);
    const socket = open();
    await write(socket, head(large.length) + large);
    await until(() => client.sent.length === 1);
    socket.destroy();
    client.broker = () => undefined;
    let status: number | undefined;
    for (let tries = 0; tries < 100 && status !== 202; tries++)
      status = (await exchange(server, head(large.length) + large))?.status;
    expect(status).toBe(202);
  });

  it('reads a body that comes in pieces of one byte', async () => {
    const { server, client } = await listen();
    const body = `{"args": ["${'x'.repeat(5000)}"]}`;
    const pieces = body.replaceAll(/./g, (byte) => `1\r\n${byte}\r\n`);
    expect(await exchange(server, `${head('chunked')}${pieces}0\r\n\r\n`)).toMatchObject({ status: 202 });
    expect(client.sent[0]?.args).toEqual(['x'.repeat(5000)]);
  });

  it.each([
    ['announced', head(megabyte + 1)],
    ['sent', `${head('chunked')}${(megabyte + 1).toString(16)}\r\n${'x'.repeat(megabyte + 1)}\r\n0\r\n\r\n`],
  ])('answers 413 when more than 1 MiB is %s', async (_how, bytes) => {
    const { server, client } = await listen();
    expect(await exchange(server, bytes)).toMatchObject({ status: 413 });
    expect(client.sent).toEqual([]);
  });

  it('closes a connection with more pipelined requests than it answers', async () => {
    const { client, open } = await listen();
    const task = client.remember(new FakeTaskResult('t1', 'add'));
    const request = 'GET /tasks/t1?wait=60 HTTP/1.1\r\nHost: a\r\n\r\n';
    const few = open();
    await write(few, request.repeat(16));
    await until(() => task.waiting === 16);

    const many = open();
    const answer = answerOn(many);
    await write(many, request.repeat(200));
    expect(await answer).toBeUndefined();
    expect(task.waiting).toBeLessThanOrEqual(32);
    expect(few.destroyed).toBe(false);
  });

  it('takes any number of requests over one connection, one after another', async () => {
    const { open } = await listen();
    const socket = open();
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString('latin1')));
    for (let at = 1; at <= 50; at++) {
      await write(socket, 'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
      await until(() => text.split('HTTP/1.1 200').length === at + 1);
    }
    expect(socket.destroyed).toBe(false);
  });

  it('has no more connections than it may', async () => {
    const { open } = await listen({ maxConnections: 2 });
    const [first, second, third] = [open(), open(), open()];
    expect(await answerOn(third)).toBeUndefined();
    expect([first.destroyed, second.destroyed]).toEqual([false, false]);
  });

  it('closes the connection that has not taken an answer for the longest, when another is large', async () => {
    const { client, server, open } = await listen({ maxHeldBytes: 24 * megabyte });
    client.remember(new FakeTaskResult('large', '').succeed('x'.repeat(16 * megabyte)));
    const request = 'GET /tasks/large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const unread = open();
    let isClosed = false;
    unread.once('close', () => (isClosed = true));
    await write(unread, request);
    await once(unread, 'data');
    unread.pause();

    const answer = await exchange(server, request);

    expect(answer?.body.length).toBeGreaterThan(16 * megabyte);
    unread.resume();
    await until(() => isClosed);
  }, 30_000);

  it('ignores an expectation that it does not know', async () => {
    const { server } = await listen();
    const bytes = 'GET /health/live HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nConnection: close\r\n\r\n';
    const answer = await exchange(server, bytes);
    expect(answer).toMatchObject({ status: 200 });
    expect(answer?.head).toMatch(/x-content-type-options: nosniff/i);
  });
});
