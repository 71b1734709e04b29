import { waitUntil } from '@celeriac/local-stack';
import { taskQueueTopology } from '@celeriac/protocol';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BusyLane } from '../testing/busy-lane.ts';
import { Caller, testBrokerUrl } from '../testing/caller.ts';
import { withAdmin } from '../testing/fault-lane.ts';
import { busyPool } from '../testing/fault-scale.ts';
import { ForkedWorkerProcess } from '../testing/forked-worker-process.ts';
import { patiently } from '../testing/patiently.ts';
import { isAlive, PoolBundle } from '../testing/pool-fixture.ts';
import { report } from '../testing/report.ts';
import type { CreateWorkerOptions } from '../create-worker.ts';

jest.setTimeout(300_000);

const bundle = new PoolBundle('busy-tasks');

beforeAll(() => bundle.build());

afterAll(() => {
  bundle.remove();
});

describe.each(['processes', 'threads'] as const)('a worker with a pool of %s', (workerPool) => {
  let lane: BusyLane;

  async function open(options: Partial<CreateWorkerOptions> = {}): Promise<void> {
    lane = await BusyLane.open(bundle, { workerPool, ...options });
  }

  afterEach(() => lane.close());

  async function isQueueEmpty(): Promise<boolean> {
    return withAdmin(async (channel) => (await channel.checkQueue(lane.queue)).messageCount === 0);
  }

  /** Where tasks run: more than once, so that both places of the pool have their turn. */
  async function places(): Promise<Set<string>> {
    const found = new Set<string>();
    await waitUntil(
      async () => {
        const outcomes = await Promise.all([lane.run('where'), lane.run('where')]);
        for (const outcome of outcomes) found.add(String(outcome?.result));
        return found.size >= 2;
      },
      { what: 'both places have run a task', timeoutMs: 30_000, intervalMs: 0 },
    );
    return found;
  }

  it(`keeps its connections while a task spins for ${String(busyPool.spinSeconds)} s, and runs others`, async () => {
    const { spinSeconds, heartbeatSeconds } = busyPool;
    await open({ brokerHeartbeatSeconds: heartbeatSeconds });
    const spinning = await lane.call('spin', [spinSeconds * 1000]);
    await lane.started(spinning);
    const latencies: number[] = [];
    const unready: number[] = [];
    await waitUntil(
      async () => {
        if (lane.outcomeOf(spinning) !== undefined) return true;
        const calledAt = performance.now();
        expect(await lane.run('sleep', [1])).toMatchObject({ status: 'SUCCESS', result: 1 });
        latencies.push(performance.now() - calledAt);
        if (!lane.worker.isReady) unready.push(calledAt);
        return false;
      },
      { what: 'the task has spun', timeoutMs: spinSeconds * 5000 },
    );

    expect(lane.outcomeOf(spinning)).toMatchObject({ status: 'SUCCESS' });
    expect(unready).toEqual([]);
    expect(lane.connectionCount).toBe(2); // those of the start
    const median = latencies.sort((a, b) => a - b)[Math.floor(latencies.length / 2)] ?? Infinity;
    report(`beside a spinning task, in a pool of ${workerPool}`, {
      'other tasks': latencies.length,
      'median ms from call to result': median,
    });
    expect(median).toBeLessThan(5000);
  });

  it('ends while (true) at its hard limit of 1 s, and has the place back', async () => {
    await open({ workerConcurrency: 1 });
    const id = await lane.call('spinForever');
    await lane.started(id);
    const startedAt = performance.now();
    expect(await lane.ended(id)).toMatchObject({
      status: 'FAILURE',
      result: { exc_type: 'TimeLimitExceeded', exc_message: [1], exc_module: 'billiard.exceptions' },
      traceback: null,
    });
    const endedMs = performance.now() - startedAt;
    expect(await lane.run('sleep', [1])).toMatchObject({ status: 'SUCCESS' });
    report(`while (true) with a limit of 1 s, in a pool of ${workerPool}`, {
      'ended after ms': endedMs,
      'next task done after ms': performance.now() - startedAt,
    });
    expect(endedMs).toBeLessThan(10_000);
    expect(await isQueueEmpty()).toBe(true);
  });

  it('tells a task of its soft limit, and fails it when it ends by that', async () => {
    await open({ workerConcurrency: 1 });
    expect(await lane.run('untilSoftLimit')).toMatchObject({
      status: 'FAILURE',
      result: { exc_type: 'SoftTimeLimitExceeded', exc_module: 'billiard.exceptions' },
    });
    expect(lane.worker.counts).toMatchObject({ failed: 1 });
  });

  it('runs a task again whose process died, when it is to be rejected then', async () => {
    await open();
    const id = await lane.call('dieOnce');
    expect(await lane.ended(id)).toMatchObject({ status: 'SUCCESS', result: 'survived' });
    expect(lane.statesOf(id)).toEqual(['STARTED', 'STARTED', 'SUCCESS']);
    expect(lane.worker.counts).toMatchObject({ received: 2, succeeded: 1, failed: 0 });
  });

  it('fails a task whose process died, when it is not', async () => {
    await open();
    const status = workerPool === 'processes' ? 'signal 9 (SIGKILL)' : 'exitcode 3';
    expect(await lane.run('dieForGood')).toMatchObject({
      status: 'FAILURE',
      result: {
        exc_type: 'WorkerLostError',
        exc_message: [`Worker exited prematurely: ${status} Job: 0.`],
        exc_module: 'billiard.exceptions',
      },
    });
    expect(await lane.run('sleep', [1])).toMatchObject({ status: 'SUCCESS' });
    await patiently('the message is acknowledged', () => lane.worker.isIdle);
    await lane.worker.stop();
    expect(await isQueueEmpty()).toBe(true);
  });

  it('replaces what has run its share of tasks', async () => {
    await open({ workerConcurrency: 1, workerMaxTasksPerChild: 2 });
    const ran: unknown[] = [];
    for (let count = 0; count < 6; count++) ran.push((await lane.run('where'))?.result);
    expect(ran[1]).toBe(ran[0]);
    expect(ran[3]).toBe(ran[2]);
    expect(ran[5]).toBe(ran[4]);
    expect(new Set(ran).size).toBe(3);
  });

  it('ends a task that is revoked with terminate', async () => {
    await open();
    const id = await lane.call('spin', [120_000]);
    await lane.started(id);
    lane.worker.control.revoke(id, { terminate: true });
    expect(await lane.ended(id)).toMatchObject({
      status: 'REVOKED',
      result: { exc_type: 'TaskRevokedError', exc_message: ['terminated'] },
    });
    expect((await places()).size).toBe(2);
    await lane.worker.stop();
    expect(await isQueueEmpty()).toBe(true);
  });

  it('waits for a running task when it stops warm', async () => {
    await open();
    const id = await lane.call('sleep', [1500]);
    await lane.started(id);
    await lane.worker.stop();
    expect(lane.worker.counts).toMatchObject({ received: 1, succeeded: 1 });
    expect(await lane.ended(id)).toMatchObject({ status: 'SUCCESS', result: 1500 });
    expect(await isQueueEmpty()).toBe(true);
  });

  it('ends a running task when it stops cold, and its message goes back', async () => {
    await open();
    const id = await lane.call('spin', [120_000]);
    await lane.started(id);
    const pid = startedPid(lane.caller, id);
    await lane.worker.stop({ mode: 'cold' });
    if (workerPool === 'processes') expect(isAlive(pid)).toBe(false);
    else expect(pid).toBe(process.pid);
    expect(lane.statesOf(id)).toEqual(['STARTED']);
    await withAdmin(async (channel) => {
      expect(await channel.checkQueue(lane.queue)).toMatchObject({ messageCount: 1, consumerCount: 0 });
    });
  });
});

describe('a worker process with a pool', () => {
  it('leaves no child behind when it is killed, even while tasks spin', async () => {
    const queue = { name: `celeriac-busy-${randomUUID()}` };
    const tasksModule = join(bundle.folder, 'busy-tasks.js');
    const worker = await ForkedWorkerProcess.start({
      brokerUrl: testBrokerUrl(),
      queue,
      settings: { workerPool: 'processes', workerConcurrency: 2, tasksModule, taskTrackStarted: true },
    });
    const caller = await new Caller(testBrokerUrl()).connect();
    const ids = [randomUUID(), randomUUID()];
    await Promise.all(ids.map((id) => caller.call(queue.name, 'spin', id, [120_000])));
    await patiently('both run', () => ids.every((id) => caller.results.has(id)));
    const pids = ids.map((id) => startedPid(caller, id));
    expect(pids.map(isAlive)).toEqual([true, true]);

    await worker.kill();
    await patiently('its children are gone', () => !pids.some(isAlive));
    await withAdmin(async (channel) => {
      expect(await channel.checkQueue(queue.name)).toMatchObject({ messageCount: 2 });
      await channel.deleteQueue(queue.name);
      await channel.deleteExchange(queue.name);
    });
    await caller.close();
  });
});

describe('a worker on the event loop', () => {
  it('runs 32 tasks of 10 ms at a time about as fast as they sleep', async () => {
    const [concurrency, sleepMs, measuredMs] = [32, 10, 6000];
    const ideal = concurrency / (sleepMs / 1000);
    const queue = { name: `celeriac-busy-${randomUUID()}` };
    await withAdmin((channel) => channel.assertQueue(queue.name, taskQueueTopology([queue]).queues[0]));
    const caller = await new Caller(testBrokerUrl()).connect();
    const count = 2 * ideal * (measuredMs / 1000); // more than it can run meanwhile
    await Promise.all(
      Array.from({ length: count }, () => caller.call(queue.name, 'work', randomUUID(), [sleepMs])),
    );
    const worker = await ForkedWorkerProcess.start({
      brokerUrl: testBrokerUrl(),
      queue,
      settings: { workerConcurrency: concurrency },
    });
    await patiently('it is warm', () => caller.results.size > 1000);
    const before = await worker.census();
    await delay(measuredMs);
    const after = await worker.census();
    expect(after.counts.succeeded).toBeLessThan(count);
    const rate = (after.counts.succeeded - before.counts.succeeded) / ((after.at - before.at) / 1000);
    report('32 tasks of 10 ms at a time', { 'per s': rate, '% of the ideal': (100 * rate) / ideal });
    expect(rate).toBeGreaterThan(ideal / 2);

    await worker.kill();
    await caller.close();
    await withAdmin(async (channel) => {
      await channel.deleteQueue(queue.name);
      await channel.deleteExchange(queue.name);
    });
  });
});

/** Process that runs a task, by its state STARTED. */
function startedPid(caller: Caller, id: string): number {
  const [started] = caller.results.get(id) ?? [];
  return (started?.result as { readonly pid: number }).pid;
}
