import { waitUntil } from '@celeriac/local-stack';
import type { TaskQueue } from '@celeriac/protocol';
import { FaultProxy } from '@celeriac/testing';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createWorker } from '../create-worker.ts';
import { tasks } from '../testing/busy-tasks.ts';
import { Caller, testBrokerUrl } from '../testing/caller.ts';
import { withAdmin } from '../testing/fault-lane.ts';
import { poisoned } from '../testing/fault-scale.ts';
import { ForkedWorkerProcess } from '../testing/forked-worker-process.ts';
import { patiently } from '../testing/patiently.ts';
import { PoolBundle } from '../testing/pool-fixture.ts';
import { report } from '../testing/report.ts';

jest.setTimeout(600_000);

/** Starts again that are allowed: the default. */
const limit = 3;
const { goodCount, closedCount } = poisoned;
/** Headers of a caller that look as if the broker, or a worker, had written them. */
const forgedHeaders = {
  'x-delivery-count': -1000,
  'x-acquired-count': 1000,
  'x-celeriac-delivery-count': 1000,
  'x-celeriac-reject-reason': 'because I say so',
};

const bundle = new PoolBundle('busy-tasks');
let name: string;
let caller: Caller;

beforeAll(() => bundle.build());

afterAll(() => {
  bundle.remove();
});

beforeEach(async () => {
  name = `celeriac-poison-${randomUUID()}`;
  caller = await new Caller(testBrokerUrl()).connect();
  await withAdmin((channel) => channel.assertQueue(deadLetters(), { durable: true }));
});

afterEach(async () => {
  await caller.close();
  await withAdmin(async (channel) => {
    await channel.deleteQueue(name);
    await channel.deleteExchange(name);
    await channel.deleteQueue(deadLetters());
  });
});

function deadLetters(): string {
  return `${name}-dead`;
}

function queueOf(queueType: 'classic' | 'quorum', more: TaskQueue['queueArguments'] = {}): TaskQueue {
  const toDeadLetters = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': deadLetters() };
  return { name, queueType, queueArguments: { ...toDeadLetters, ...more } };
}

async function deadLettered(): Promise<string[]> {
  const ids: string[] = [];
  await withAdmin(async (channel) => {
    for (;;) {
      const message = await channel.get(deadLetters(), { noAck: true });
      if (message === false) return;
      ids.push(String(message.properties.headers?.['id']));
    }
  });
  return ids;
}

async function isEmpty(): Promise<boolean> {
  return withAdmin(async (channel) => (await channel.checkQueue(name)).messageCount === 0);
}

function finalStates(id: string): string[] {
  return (caller.results.get(id) ?? []).map(({ status }) => status).filter((status) => status !== 'STARTED');
}

async function callGood(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await Promise.all(ids.map((id) => caller.call(name, 'sleep', id, [20])));
  return ids;
}

const deadlyCalls = [
  ['eventloop', 'poisonProcess', {}],
  ['eventloop', 'poisonProcess', forgedHeaders],
  ['threads', 'poison', {}],
  ['threads', 'poisonProcess', {}],
  ['processes', 'poison', {}],
] as const;

describe.each(['classic', 'quorum'] as const)('a task that kills its worker, in a %s queue', (queueType) => {
  it.each(deadlyCalls.filter((_call, index) => poisoned.rows[queueType].includes(index)))(
    'is given up in a pool of %s by %s with headers %j; its neighbours are not',
    async (workerPool, task, headers) => {
      const settings = {
        workerPool,
        tasksModule: join(bundle.folder, 'busy-tasks.js'),
        taskTrackStarted: true,
        ...(workerPool === 'eventloop' ? {} : { workerConcurrency: 2 }),
      };
      let deaths = 0;
      let isOver = false;
      let worker: ForkedWorkerProcess | undefined;
      const supervise = async (): Promise<void> => {
        while (!isOver) {
          worker = await ForkedWorkerProcess.start({
            brokerUrl: testBrokerUrl(),
            queue: queueOf(queueType),
            settings,
          }).catch(
            () => undefined, // it may die before it has told that it is ready
          );
          await worker?.ended();
          deaths++;
        }
      };
      const supervising = supervise();
      await patiently('a worker is ready', () => worker !== undefined);
      const before = await callGood(goodCount / 2);
      const poison = randomUUID();
      await caller.call(name, task, poison, [], undefined, headers);
      const good = [...before, ...(await callGood(goodCount / 2))];
      await patiently(
        'all callers are told',
        () => [...good, poison].every((id) => finalStates(id).length > 0),
        { timeoutMs: 240_000 },
      );
      isOver = true;
      deaths--; // its last end is a warm stop
      await worker?.stop();
      await supervising;

      const starts = (caller.results.get(poison) ?? []).filter(({ status }) => status === 'STARTED').length;
      report(`a poison in a ${queueType} queue, ${workerPool}`, {
        'worker deaths': deaths,
        'starts that were told': starts,
      });
      expect(good.filter((id) => !finalStates(id).includes('SUCCESS'))).toEqual([]);
      expect(finalStates(poison)).toEqual(['FAILURE']);
      expect(caller.results.get(poison)?.at(-1)).toMatchObject({
        result: {
          exc_type: 'WorkerLostError',
          exc_module: 'billiard.exceptions',
          exc_message: [
            'Worker exited prematurely: the task was started again 3 times, and each time its worker died; the limit is 3.',
          ],
        },
      });
      expect(deaths).toBeLessThanOrEqual(limit + 1);
      expect(starts).toBeLessThanOrEqual(limit + 1);
      expect(await deadLettered()).toEqual([poison]);
    },
  );
});

describe.each([
  ['classic', {}],
  ['quorum', { 'x-delivery-limit': 20 }],
] as const)('closed connections, with a %s queue', (queueType, queueArguments) => {
  it(`count against nothing: ${String(closedCount)} of them`, async () => {
    const { hostname: host, port } = new URL(testBrokerUrl());
    const proxy = await FaultProxy.listen({ host, port: Number(port) || 5672 });
    const brokerUrl = new URL(testBrokerUrl());
    brokerUrl.host = `127.0.0.1:${String(proxy.port)}`;
    const worker = createWorker([tasks], {
      brokerUrl: brokerUrl.href,
      queues: [queueOf(queueType, queueArguments)],
      nodeName: 'cut@spec',
      workerConcurrency: 2, // most of what is prefetched never starts
      workerPrefetchMultiplier: 32,
    });
    await worker.start();
    // long enough to be under way at each cut; the last are untouched all the time
    const ids = Array.from({ length: goodCount }, () => randomUUID());
    await Promise.all(ids.map((id) => caller.call(name, 'sleep', id, [200], undefined, forgedHeaders)));
    for (let closed = 0; closed < closedCount; closed++) {
      await patiently('the worker consumes', () => worker.isReady);
      const { received } = worker.counts;
      await patiently(
        'it has messages',
        () => worker.counts.received > received || worker.counts.received === 0,
      );
      proxy.cut();
      await patiently('the loss is seen', () => !worker.isReady);
    }
    await patiently('all callers are told', () => ids.every((id) => finalStates(id).length > 0), {
      timeoutMs: 240_000,
    });
    // a connection that is lost between the confirm of a copy and the acknowledgement leaves both
    await waitUntil(async () => worker.isIdle && (await isEmpty()), {
      what: 'nothing is left',
      timeoutMs: 60_000,
    });
    await worker.stop();
    await proxy.close();
    expect(ids.filter((id) => !finalStates(id).every((status) => status === 'SUCCESS'))).toEqual([]);
    expect(await deadLettered()).toEqual([]);
  });
});
