import { EventEmitter } from 'node:events';

import { runApp } from '@celeriac/app-shell';
import { additionTasks, readOperands } from '@celeriac/calculator';
import { openBroker } from '@celeriac/local-stack';
import type { OwnedBroker } from '@celeriac/local-stack';
import { implement } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import { createWorkerFrom } from '@celeriac/worker';
import type { Worker } from '@celeriac/worker';

import { ProducerApp } from './producer-app.ts';

/** A process that can be told to have received a signal, and keeps what it was told. */
class FakeProcess extends EventEmitter {
  readonly env: NodeJS.ProcessEnv;
  readonly exitCodes: number[] = [];
  readonly stderr = { write: (): boolean => true };

  constructor(env: NodeJS.ProcessEnv) {
    super();
    this.env = env;
  }

  exit(code: number): void {
    this.exitCodes.push(code);
  }
}

/** An answer, and how long it took. */
interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
  readonly tookMs: number;
}

const call = (first: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ args: [{ num_1: first, num_2: 2 }] }),
});

describe('the producer with a broker and a worker', () => {
  let broker: OwnedBroker;
  let worker: Worker;
  let host: FakeProcess;
  let app: ProducerApp | undefined;
  let ended: Promise<void>;
  const logLines: string[] = [];

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
    host = new FakeProcess({ CELERY_BROKER_URL: broker.url, PORT: '0' });
    ended = runApp({
      name: 'producer',
      create: (context) => (app = new ProducerApp(context)),
      process: host,
      destination: { write: (line) => logLines.push(line) },
    });
    await until(() => app?.isReady === true, { timeoutMs: 10_000 });
  }, 120_000);

  afterAll(async () => {
    if (host.exitCodes.length === 0) host.emit('SIGQUIT');
    await ended;
    await worker.stop();
    await broker.close();
  });

  async function ask(path: string, init?: RequestInit): Promise<Answer> {
    const began = performance.now();
    const response = await fetch(`${app?.url ?? ''}${path}`, init);
    const text = await response.text();
    const location = response.headers.get('location');
    return { status: response.status, text, location, tookMs: performance.now() - began };
  }

  it('takes a call, says where its result will be, and shows it there', async () => {
    const accepted = await ask('/tasks/add', call(7));
    expect(accepted.status).toBe(202);
    const { id } = JSON.parse(accepted.text) as { readonly id: string };
    expect(accepted.location).toBe(`/tasks/${id}`);

    const shown = await ask(`/tasks/${id}?wait=10`);
    expect(shown.status).toBe(200);
    expect(shown.text).toBe(`{"id": "${id}", "name": "add", "state": "SUCCESS", "result": 9.0}`);
  });

  it("shows the failure of a task, with Python's words", async () => {
    const { location } = await ask('/tasks/add', call('abc'));
    const shown = await ask(`${String(location)}?wait=10`);
    expect(JSON.parse(shown.text)).toMatchObject({
      state: 'FAILURE',
      error: {
        exc_type: 'ValueError',
        exc_module: 'builtins',
        message: "could not convert string to float: 'abc'",
      },
    });
  });

  it('publishes random calls to queues that nobody has declared yet', async () => {
    const executedBefore = worker.counts.succeeded;
    expect(await ask('/create_tasks/25')).toMatchObject({ status: 200, text: 'Done 25' });
    await until(() => worker.counts.succeeded === executedBefore + 25, { timeoutMs: 10_000 });
  });

  it('answers 503 within a second while the broker is away, and takes calls again when it is back', async () => {
    const answers: Promise<Answer>[] = [];
    for (let at = 0; at < 50; at++) answers.push(ask('/tasks/add', call(at)));
    await broker.kill();
    for (const path of ['/tasks/add', '/tasks/fakesubtract'])
      for (let at = 0; at < 10; at++) answers.push(ask(path, call(at)));
    answers.push(ask('/create_tasks/10'));
    for (const { status, tookMs, text } of await Promise.all(answers)) {
      expect([202, 503]).toContain(status);
      if (status === 503) expect(JSON.parse(text)).toMatchObject({ status: 503 });
      expect(tookMs).toBeLessThan(1000);
    }
    expect((await answers.at(-1))?.status).toBe(503);
    expect(await ask('/health/ready')).toMatchObject({ status: 503 });
    expect(await ask('/health/live')).toMatchObject({ status: 200 });

    await broker.restart();
    await until(() => app?.isReady === true && worker.isReady, { timeoutMs: 5000 });
    expect(await ask('/health/ready')).toMatchObject({ status: 200 });
    const { status, location } = await ask('/tasks/add', call(40));
    expect(status).toBe(202);
    expect(JSON.parse((await ask(`${String(location)}?wait=10`)).text)).toMatchObject({
      state: 'SUCCESS',
      result: 42,
    });
  }, 120_000);

  it('stops on SIGTERM with exit code 0, and serves no more', async () => {
    const { url = '' } = app ?? {};
    host.emit('SIGTERM');
    await ended;
    expect(host.exitCodes).toEqual([0]);
    await expect(fetch(url)).rejects.toThrow();
    expect(logLines.join('')).not.toContain('guest:guest');
  });
});
