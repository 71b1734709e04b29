import { RecordingLogger } from '@celeriac/testing';
import type { OwnedBroker } from '@celeriac/local-stack';
import { connect } from 'amqplib'; // eslint-disable-line no-restricted-imports -- to look at what is in queues
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorkerFrom } from '../create-worker.ts';
import { Caller, testBrokerUrl } from '../testing/caller.ts';
import { withAdmin } from '../testing/fault-lane.ts';
import { openImpatientBroker } from '../testing/impatient-broker.ts';
import { patiently } from '../testing/patiently.ts';
import { holderOf } from '../testing/received-task.ts';
import type { Worker } from '../worker.ts';

jest.setTimeout(180_000);

const outlasted =
  'a message was unacknowledged for longer than consumer_timeout: the broker closed the channel and delivers it again';
const cameAgain = 'task is running here, its message came again';

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
