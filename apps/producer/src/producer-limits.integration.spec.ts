import { readSettings } from '@celeriac/app-shell';
import { additionTasks, readOperands } from '@celeriac/calculator';
import { openBroker } from '@celeriac/local-stack';
import type { OwnedBroker } from '@celeriac/local-stack';
import { implement } from '@celeriac/task-registry';
import { RecordingLogger, until } from '@celeriac/testing';
import { createWorkerFrom } from '@celeriac/worker';
import type { Worker } from '@celeriac/worker';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import { ProducerApp } from './producer-app.ts';

const heldBytes = 4 * 1024 * 1024;

describe('the producer against one caller that takes what it can', () => {
  let broker: OwnedBroker;
  let worker: Worker;
  let app: ProducerApp;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    broker = await openBroker({ isolated: true });
    worker = createWorkerFrom(
      implement(additionTasks, {
        add: (payload) => readOperands(payload).reduce((sum, operand) => sum + operand),
        fakeadd: () => 'add',
      }),
      { brokerUrl: broker.url },
    ).app;
    await worker.start();
    const env = {
      CELERY_BROKER_URL: broker.url,
      PORT: '0',
      CELERIAC_ALLOWED_HOSTS: 'tasks.example.com',
      CELERIAC_HTTP_HELD_BYTES_MAX: String(heldBytes),
    };
    app = new ProducerApp({ settings: readSettings(env), logger: new RecordingLogger() });
    await app.start();
    await until(() => app.isReady, { timeoutMs: 10_000 });
  }, 120_000);

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  afterAll(async () => {
    await app.stop({ mode: 'warm' });
    await worker.stop();
    await broker.close();
  });

  function open(): Socket {
    const { hostname, port } = new URL(app.url ?? '');
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  }

  async function callAdd(first: number): Promise<string> {
    const response = await fetch(`${app.url ?? ''}/tasks/add`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ args: [{ num_1: first, num_2: 2 }] }),
    });
    expect(response.status).toBe(202);
    return ((await response.json()) as { readonly id: string }).id;
  }

  async function resultOf(id: string): Promise<unknown> {
    return (await fetch(`${app.url ?? ''}/tasks/${id}?wait=20`)).json();
  }

  it('publishes hardly anything for callers of create_tasks that have left', async () => {
    const before = worker.counts.received;
    for (let at = 0; at < 20; at++) open().write('GET /create_tasks/500 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => worker.counts.received > before, { timeoutMs: 10_000 });
    for (const socket of sockets.splice(0)) socket.destroy();

    // each asked for 2000 calls, a quarter of them additions; a call behind them is answered when they are done
    await resultOf(await callAdd(1));
    expect(worker.counts.received - before).toBeLessThan(20 * 500);
    expect((await fetch(`${app.url ?? ''}/create_tasks/10000`)).status).toBe(200);
  }, 120_000);

  it('keeps the result of a caller while another has 12,000 calls generated', async () => {
    const id = await callAdd(40);
    expect(await resultOf(id)).toMatchObject({ state: 'SUCCESS', result: 42 });

    const response = await fetch(`${app.url ?? ''}/create_tasks/3000`);
    expect(await response.text()).toBe('Done 3000');

    expect(await resultOf(id)).toMatchObject({ state: 'SUCCESS', result: 42 });
  }, 120_000);

  it('takes calls while 40 bodies of 1 MB do not end', async () => {
    let refused = 0;
    for (let at = 0; at < 40; at++) {
      const socket = open();
      socket.once('data', (answer: Buffer) => {
        if (answer.toString('latin1').startsWith('HTTP/1.1 503 ')) refused++;
      });
      socket.write(
        `POST /tasks/add HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n${'x'.repeat(1_000_000)}`,
      );
    }
    await until(() => refused >= 36, { timeoutMs: 20_000 });
    expect(await resultOf(await callAdd(5))).toMatchObject({ state: 'SUCCESS', result: 7 });
  }, 60_000);

  it.each([
    ['localhost', 200],
    ['tasks.example.com:80', 200],
    ['evil.example', 421],
  ])('answers a request for the host %s with %i', async (host, status) => {
    const socket = open();
    socket.write(`GET /create_tasks/1 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});
