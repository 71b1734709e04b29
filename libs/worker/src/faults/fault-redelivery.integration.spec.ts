import { RecordingLogger, until } from '@celeriac/testing';
import type { TaskQueue } from '@celeriac/protocol';
import type { OwnedBroker } from '@celeriac/local-stack';
import { connect, type GetMessage } from 'amqplib'; // eslint-disable-line no-restricted-imports -- to look at what is in queues
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createWorkerFrom } from '../create-worker.ts';
import { Caller, testBrokerUrl } from '../testing/caller.ts';
import { withAdmin } from '../testing/fault-lane.ts';
import { ForkedWorkerProcess } from '../testing/forked-worker-process.ts';
import { openImpatientBroker } from '../testing/impatient-broker.ts';
import { patiently } from '../testing/patiently.ts';
import { holderOf } from '../testing/received-task.ts';
import type { Worker } from '../worker.ts';

jest.setTimeout(180_000);

/** Redeliveries that are allowed. */
const limit = 3;

const outlasted =
  'a message was unacknowledged for longer than consumer_timeout: the broker closed the channel and delivers it again';
const cameAgain = 'task is running here, its message came again';

describe('a task whose worker is killed each time', () => {
  let name: string;
  let caller: Caller;

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

  /** The queue of the task, with where its dead letters go. */
  function poisoned(more: Partial<TaskQueue>): TaskQueue {
    const { queueArguments, ...rest } = more;
    const toDeadLetters = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': deadLetters() };
    return { name, queueArguments: { ...toDeadLetters, ...queueArguments }, ...rest };
  }

  async function deadLetter(): Promise<GetMessage | false> {
    return withAdmin((channel) => channel.get(deadLetters(), { noAck: true }));
  }

  /** Kills workers while they run the task, until there is a dead letter; tells how many. */
  async function killUntilDead(
    queue: TaskQueue,
  ): Promise<{ readonly kills: number; readonly dead: GetMessage }> {
    const settings = { redeliveryLimit: limit, taskTrackStarted: true };
    const start = (): Promise<ForkedWorkerProcess> =>
      ForkedWorkerProcess.start({ brokerUrl: testBrokerUrl(), queue, settings });
    let worker = await start();
    await caller.call(name, 'work', 'poison', [600_000]);
    for (let kills = 0; ; kills++) {
      let dead: GetMessage | false = false;
      const hasStarted = (): boolean => (caller.results.get('poison')?.length ?? 0) > kills;
      while (!hasStarted() && dead === false) {
        await delay(100);
        dead = await deadLetter();
      }
      await worker.kill();
      if (dead !== false) return { kills, dead };
      worker = await start();
    }
  }

  it('is rejected beyond the limit, from a classic queue, with the count and the reason', async () => {
    const { kills, dead } = await killUntilDead(poisoned({}));
    expect(kills).toBe(1 + limit); // the first delivery, and as many again as are allowed
    expect(dead.properties.headers).toMatchObject({
      id: 'poison',
      'x-celeriac-delivery-count': limit + 1,
      'x-celeriac-reject-reason': 'delivered again 4 times, the limit is 3',
      'x-death': [{ reason: 'rejected', queue: name, count: 1 }],
    });
    expect(dead.content.toString()).toBe('[[600000], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]'); // prettier-ignore
    expect(dead.properties).toMatchObject({
      correlationId: 'poison',
      replyTo: caller.replyQueue,
      deliveryMode: 2,
    });
    const states = () => caller.results.get('poison')?.map(({ status }) => status) ?? [];
    await until(() => states().length > kills, { what: 'the caller is told' });
    expect(states()).toEqual([...Array.from({ length: kills }, () => 'STARTED'), 'FAILURE']);
  });

  it('is dropped by the broker beyond its limit, from a quorum queue', async () => {
    const { kills, dead } = await killUntilDead(
      poisoned({ queueType: 'quorum', queueArguments: { 'x-delivery-limit': limit } }),
    );
    expect(kills).toBe(1 + limit);
    expect(dead.properties.headers).toMatchObject({
      id: 'poison',
      'x-death': [{ reason: 'delivery_limit', queue: name, count: 1 }],
    });
    expect(Object.keys(dead.properties.headers ?? {}).filter((key) => key.startsWith('x-celeriac'))).toEqual(
      [],
    );
  });
});

describe('a worker that keeps its state in a file', () => {
  it('still knows after a restart what was revoked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'celeriac-state-'));
    const queue = `celeriac-revoked-${randomUUID()}`;
    const caller = await new Caller(testBrokerUrl()).connect();
    const ran: string[] = [];
    const start = async (): Promise<Worker> => {
      const { holder, tasks } = holderOf(({ request: { id } }) => ran.push(id));
      const { app } = createWorkerFrom(
        { holder: { ...holder, queue }, tasks: tasks.map((task) => ({ ...task, queue })) },
        { brokerUrl: testBrokerUrl(), nodeName: 'revoking@spec', workerStateDb: join(folder, 'state') },
      );
      await app.start();
      return app;
    };

    const before = await start();
    before.control.revoke('revoked');
    await before.stop();
    const after = await start();
    await caller.call(queue, 'work', 'revoked');
    await caller.call(queue, 'work', 'free');
    await patiently('both are told of', () => caller.results.size === 2);
    expect(ran).toEqual(['free']);
    expect(caller.results.get('revoked')).toMatchObject([
      { status: 'REVOKED', result: { exc_type: 'TaskRevokedError', exc_message: ['revoked'] } },
    ]);

    await after.stop();
    await caller.close();
    await withAdmin(async (channel) => {
      await channel.deleteQueue(queue);
      await channel.deleteExchange(queue);
    });
    await rm(folder, { recursive: true });
  });
});

describe('a task that outlasts the consumer_timeout of the broker', () => {
  const consumerTimeoutMs = 2000;
  let broker: OwnedBroker;

  beforeAll(async () => {
    broker = await openImpatientBroker(consumerTimeoutMs);
  });

  afterAll(() => broker.close());

  it('runs once: its message comes again, and is acknowledged on the channel of then', async () => {
    const queue = 'long';
    const logger = new RecordingLogger();
    const linesOf = (message: string): number => logger.fieldsOf(message).length;
    const runs: string[] = [];
    const { holder, tasks } = holderOf(async ({ request: { id } }) => {
      runs.push(id);
      await patiently('its message has come again, twice', () => linesOf(cameAgain) >= 2);
      return 'done';
    });
    const { app } = createWorkerFrom(
      { holder: { ...holder, queue }, tasks: tasks.map((task) => ({ ...task, queue })) },
      { brokerUrl: broker.url, nodeName: 'long@spec', logger, consumerTimeoutMs },
    );
    await app.start();
    const caller = await new Caller(broker.url).connect();
    await caller.call(queue, 'work', 'long one');
    await patiently('it has succeeded', () => caller.results.has('long one'));
    await app.stop();

    expect(runs).toEqual(['long one']);
    expect(caller.results.get('long one')).toMatchObject([{ status: 'SUCCESS', result: 'done' }]);
    expect(linesOf(outlasted)).toBeGreaterThanOrEqual(2);
    expect(app.counts).toMatchObject({ received: 1, succeeded: 1 });
    await caller.close();
    const model = await connect(broker.url);
    const channel = await model.createChannel();
    expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0, consumerCount: 0 });
    await model.close();
  });
});
