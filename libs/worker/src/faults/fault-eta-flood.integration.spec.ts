import { openBroker, waitUntil, type OwnedBroker } from '@celeriac/local-stack';
import { encodeTaskMessage, type TaskCall, type TaskQueue } from '@celeriac/protocol';
import { connect, type Channel, type ChannelModel } from 'amqplib'; // eslint-disable-line no-restricted-imports -- to look at the queues
import { randomUUID } from 'node:crypto';
import { Caller } from '../testing/caller.ts';
import { etaFloodCount } from '../testing/fault-scale.ts';
import { ForkedWorkerProcess, type ForkedRun, type WorkerCensus } from '../testing/forked-worker-process.ts';
import { patiently } from '../testing/patiently.ts';
import { report } from '../testing/report.ts';

const hourMs = 3_600_000;
const prefetchCount = 256; // 64 × 4
const etaTaskLimit = prefetchCount / 2;
/** What is loaded, compiled and declared with the first of them is no growth. */
const warmUpCount = 1000;
const heapAllowanceBytes = 8 * 1024 * 1024;
/** The garbage collector gives back what the system does not need late, or never: twice what the heap may grow. */
const rssAllowanceBytes = 2 * heapAllowanceBytes;
const dueCount = 200;

describe.each(['classic', 'quorum'] as const)('a worker with a flood of etas in a %s queue', (queueType) => {
  const queue: TaskQueue = { name: 'flooded', queueType };
  let broker: OwnedBroker;
  let worker: ForkedWorkerProcess;
  let caller: Caller;
  let model: ChannelModel;
  let admin: Channel;

  beforeAll(async () => {
    broker = await openBroker({ isolated: true }); // the queues of delays are the same for all who use a broker
    // an hour is less than half the consumer_timeout here, so that it is the limit that decides what is held
    const settings = { workerConcurrency: 64, consumerTimeoutMs: 3 * hourMs };
    worker = await ForkedWorkerProcess.start({ brokerUrl: broker.url, queue, settings });
    caller = await new Caller(broker.url).connect();
    model = await connect(broker.url);
    admin = await model.createChannel();
  });

  afterAll(async () => {
    await worker.stop();
    await caller.close();
    await model.close();
    await broker.close();
  });

  /** Calls tasks, in order; resolves when the broker has confirmed all of them. */
  async function callAll(count: number, call: (index: number) => Partial<TaskCall>): Promise<void> {
    const publisher = caller.transport.publisher({ confirm: true });
    const batch = 5000; // what waits for its turn takes memory
    for (let done = 0; done < count; done += batch) {
      const indices = Array.from({ length: Math.min(batch, count - done) }, (_, index) => done + index);
      const messages = indices.map((index) => encodeTaskMessage({ ...defaults(), ...call(index) }));
      await Promise.all(
        messages.map((message) =>
          publisher.publish({ exchange: '', routingKey: queue.name, mandatory: true, ...message }),
        ),
      );
    }
    await publisher.close();
  }

  async function delayedAtBroker(): Promise<number> {
    const levels = Array.from({ length: 28 }, (_, level) => `celery_delayed_${String(level)}`);
    const states = await Promise.all(levels.map((level) => admin.checkQueue(level)));
    return states.reduce((sum, { messageCount }) => sum + messageCount, 0);
  }

  /** Waits until the worker has dealt with all that came; the most that it held at a time is by its own counts. */
  async function floodOver(
    count: number,
  ): Promise<{ readonly last: WorkerCensus; readonly mostHeld: number }> {
    let last = await worker.census();
    let mostHeld = heldBy(last);
    await waitUntil(
      async () => {
        last = await worker.census();
        mostHeld = Math.max(mostHeld, heldBy(last));
        return last.counts.delayed >= count - etaTaskLimit;
      },
      { what: `${String(count)} tasks are held or handed over`, timeoutMs: 900_000, intervalMs: 250 },
    );
    return { last, mostHeld };
  }

  /** What a task told when it succeeded. */
  function runOf(id: string): ForkedRun | undefined {
    const results = caller.results.get(id) ?? [];
    return results.find(({ status }) => status === 'SUCCESS')?.result as ForkedRun | undefined;
  }

  it(`holds ${String(etaTaskLimit)} of ${String(etaFloodCount)}, and gives the broker the others`, async () => {
    const anHourAhead = { eta: new Date(Date.now() + hourMs) };
    await callAll(warmUpCount, () => anHourAhead);
    const before = (await floodOver(warmUpCount)).last;

    const startedAt = performance.now();
    await callAll(etaFloodCount, () => anHourAhead);
    const calledAt = performance.now();
    const { last: after, mostHeld } = await floodOver(warmUpCount + etaFloodCount);
    const endedAt = performance.now();
    report(`${String(etaFloodCount)} etas in a ${queueType} queue`, {
      'called in s': (calledAt - startedAt) / 1000,
      'handed over per s': etaFloodCount / ((endedAt - startedAt) / 1000),
      'heap grew by MiB': (after.heapUsed - before.heapUsed) / 2 ** 20,
      'rss grew by MiB': (after.rss - before.rss) / 2 ** 20,
    });

    expect(mostHeld).toBeLessThanOrEqual(prefetchCount); // also while they are being handed over
    const count = warmUpCount + etaFloodCount;
    expect(after.counts).toMatchObject({ received: count, delayed: count - etaTaskLimit });
    expect(await delayedAtBroker()).toBe(count - etaTaskLimit);
    expect(await admin.checkQueue(queue.name)).toMatchObject({ messageCount: 0 });
    expect(after.heapUsed - before.heapUsed).toBeLessThan(heapAllowanceBytes);
    expect(after.rss - before.rss).toBeLessThan(rssAllowanceBytes);
  }, 1_200_000);

  it('starts a task without eta at once', async () => {
    const latencies: number[] = [];
    for (let count = 0; count < 5; count++) {
      const id = randomUUID();
      const calledAt = Date.now();
      await caller.call(queue.name, 'work', id);
      await patiently('the task has run', () => runOf(id) !== undefined);
      latencies.push((runOf(id)?.startedAt ?? Infinity) - calledAt);
    }
    const [, , median = Infinity] = latencies.sort((a, b) => a - b);
    report(`a task without eta beside ${String(etaFloodCount)} with`, { 'median ms to its start': median });
    expect(median).toBeLessThan(10_000);
  });

  it('runs each that falls due once, and not before its eta', async () => {
    const now = Date.now();
    const etas = new Map<string, number>(
      Array.from({ length: dueCount }, (_, index) => [randomUUID(), now + 2000 + index * 20] as const),
    );
    const ids = [...etas.keys()];
    const delayedBefore = (await worker.census()).counts.delayed;
    await callAll(dueCount, (index) => {
      const id = ids[index] ?? '';
      return { id, eta: new Date(etas.get(id) ?? NaN), replyTo: caller.replyQueue };
    });
    await patiently('all have run', () => ids.every((id) => runOf(id) !== undefined));

    expect((await worker.census()).counts.delayed - delayedBefore).toBeGreaterThan(dueCount / 2);
    const lateness = ids.map((id) => (runOf(id)?.startedAt ?? NaN) - (etas.get(id) ?? NaN));
    report(`${String(dueCount)} that fall due`, { 'late by ms, at most': Math.max(...lateness) });
    expect(lateness.filter((ms) => !(ms >= 0))).toEqual([]);
    expect(ids.filter((id) => caller.results.get(id)?.length !== 1)).toEqual([]);
  });
});

function defaults(): TaskCall {
  return { name: 'work', id: randomUUID(), args: [], kwargs: {}, origin: 'spec@host' };
}

/** Tasks that came and are neither handed over nor run. */
function heldBy({ counts }: WorkerCensus): number {
  return counts.received - counts.delayed - counts.succeeded;
}
