import { openBroker, type OwnedBroker } from '@celeriac/local-stack';
import { RecordingLogger, until } from '@celeriac/testing';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createWorkerFrom } from './create-worker.ts';
import { Caller } from './testing/caller.ts';
import { holderOf } from './testing/received-task.ts';
import type { Worker } from './worker.ts';

const queues = ['first', 'second', 'third', 'fourth'];

/** The line of the issue: consuming again within this time of the port's opening. */
const recoveryLimitMs = 5000;

/** Asks until the port takes a TCP connection; gives the time of it. */
async function portOpens(url: string): Promise<number> {
  const { hostname, port } = new URL(url);
  for (;;) {
    const socket = connect(Number(port), hostname);
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false, // refused: not yet
    );
    socket.destroy();
    if (isOpen) return performance.now();
    await delay(5);
  }
}

describe('four workers and a caller, when RabbitMQ is killed and started again', () => {
  let broker: OwnedBroker;
  let workers: Worker[] = [];
  let caller: Caller;
  const logger = new RecordingLogger();
  const executed = new Map<string, number>();

  beforeAll(async () => {
    broker = await openBroker({ isolated: true });
    workers = queues.map((queue) => {
      const { holder, tasks } = holderOf(async ({ request: { id } }) => {
        await delay(1);
        executed.set(id, (executed.get(id) ?? 0) + 1);
      });
      const onQueue = { holder: { ...holder, queue }, tasks: tasks.map((task) => ({ ...task, queue })) };
      return createWorkerFrom(onQueue, { brokerUrl: broker.url, logger, nodeName: `${queue}@spec` }).app;
    });
    await Promise.all(workers.map((worker) => worker.start()));
    caller = await new Caller(broker.url).connect();
  });

  afterAll(async () => {
    await caller.close();
    await Promise.all(workers.map((worker) => worker.stop({ timeoutMs: 5000 })));
    await broker.close();
  });

  it('consume again within five seconds of the port opening, and lose no confirmed task', async () => {
    const confirmed: string[] = [];
    const refused: unknown[] = [];
    const isCalling = new AbortController();
    const callers = Array.from({ length: 40 }, async (_, lane) => {
      for (let count = 0; !isCalling.signal.aborted; count++) {
        const id = `call ${String(lane)}/${String(count)}`;
        try {
          await caller.call(queues[lane % queues.length] ?? '', 'work', id);
          confirmed.push(id);
        } catch (error) {
          refused.push(error);
        }
      }
    });

    await until(() => confirmed.length >= 400);
    await broker.kill();
    await until(() => workers.every((worker) => !worker.isReady));
    const confirmedBefore = confirmed.length;

    const restarting = broker.restart();
    const openedAt = await portOpens(broker.url);
    await until(() => workers.every((worker) => worker.isReady), { timeoutMs: 2 * recoveryLimitMs });
    const recoveryMs = performance.now() - openedAt;
    await restarting;
    expect(recoveryMs).toBeLessThan(recoveryLimitMs);
    expect(workers.map((worker) => worker.state)).toEqual(queues.map(() => 'running'));

    await until(() => confirmed.length >= confirmedBefore + 400, { timeoutMs: 10_000 });
    isCalling.abort();
    await Promise.all(callers);
    const lost = () => confirmed.filter((id) => !executed.has(id));
    await until(() => lost().length === 0, {
      timeoutMs: 20_000,
      what: 'every confirmed call has been executed',
    });
    expect(refused).toEqual([]); // and Jest fails a test on any error that nobody handles
    expect(logger.fieldsOf('outcome of a task not handled')).toEqual([]);
  });
});
