import { until } from '@celeriac/testing';
import { connect } from 'amqplib'; // eslint-disable-line no-restricted-imports -- to delete the queue and look at it
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createWorkerFrom } from './create-worker.ts';
import { Caller, testBrokerUrl } from './testing/caller.ts';
import { holderOf } from './testing/received-task.ts';
import type { Worker } from './worker.ts';

const callCount = 3000;

describe('a rolling deploy under load', () => {
  const queue = `celeriac-spec-${randomUUID()}`;
  const executed = new Map<string, string[]>();
  const workers: Worker[] = [];
  let caller: Caller;

  async function startWorker(name: string): Promise<Worker> {
    const { holder, tasks } = holderOf(async ({ request: { id } }, waitMs: number) => {
      await delay(waitMs);
      executed.set(id, [...(executed.get(id) ?? []), name]);
      return name;
    });
    const { app } = createWorkerFrom(
      { holder: { ...holder, queue }, tasks },
      { brokerUrl: testBrokerUrl(), nodeName: `${name}@spec`, workerConcurrency: 16 },
    );
    workers.push(app);
    await app.start();
    return app;
  }

  beforeAll(async () => {
    caller = await new Caller(testBrokerUrl()).connect();
  });

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop({ timeoutMs: 5000 })));
    await caller.close();
    const model = await connect(testBrokerUrl());
    const channel = await model.createChannel();
    await channel.deleteQueue(queue);
    await channel.deleteExchange(queue);
    await model.close();
  });

  it('loses no task and executes none twice, by the results', async () => {
    const old = await startWorker('old');
    const ids = Array.from({ length: callCount }, (_, index) => `call ${String(index)}`);
    const calling = Promise.all(ids.map((id, index) => caller.call(queue, 'work', id, [index % 7])));
    await until(() => caller.results.size > 200, { timeoutMs: 10_000 });

    const stopping = old.stop(); // as SIGTERM does
    const [young] = await Promise.all([startWorker('young'), stopping]);
    const byOld = old.counts.succeeded;
    await until(() => caller.results.size === callCount, { timeoutMs: 20_000 });
    await calling;
    await young.stop();

    expect(byOld).toBeGreaterThan(200);
    expect(byOld).toBeLessThan(callCount);
    expect([...executed].filter(([, runs]) => runs.length !== 1)).toEqual([]);
    expect([...caller.results].filter(([, results]) => results.length !== 1)).toEqual([]);
    expect(executed.size).toBe(callCount);
    expect(old.counts.succeeded + young.counts.succeeded).toBe(callCount);
    for (const [id, [result]] of caller.results) expect(result?.result).toBe(executed.get(id)?.[0]);
  });
});
