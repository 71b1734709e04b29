import { AmqpTransport } from '@celeriac/amqp-transport';
import { encodeTaskMessage, type Signature, type TaskEmbed } from '@celeriac/protocol';
import { RpcResultStore } from '@celeriac/result-backend';
import { silentLogger } from '@celeriac/primitives';
import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Caller, testBrokerUrl } from '../testing/caller.ts';
import { withAdmin } from '../testing/fault-lane.ts';
import { inTime, patiently } from '../testing/patiently.ts';
import { holderOf } from '../testing/received-task.ts';
import { report } from '../testing/report.ts';
import { Worker } from '../worker.ts';

const queue = `celeriac-spec-followed-${randomUUID()}`;
/** Where the calls go that follow. */
const later = `${queue}-later`;

function task(options: object = {}): Signature {
  return { task: 'later', args: [], kwargs: {}, options: { queue: later, ...options } };
}

function group(tasks: readonly Signature[], options: object = {}): Signature {
  return { task: 'celery.group', subtask_type: 'group', kwargs: { tasks }, options: { ...options } };
}

/** Two tasks, with a link of two tasks, and so on. */
function nested(depth: number): Signature {
  return group([task(), task()], depth === 1 ? {} : { link: [nested(depth - 1)] });
}

describe('what follows a task on a real broker', () => {
  let caller: Caller;
  let worker: Worker;

  beforeAll(async () => {
    await withAdmin(async (channel) => {
      await channel.assertQueue(later);
    });
    caller = await new Caller(testBrokerUrl()).connect();
    const transport = new AmqpTransport({ brokerUrl: testBrokerUrl(), name: 'follow-ups spec' });
    const { holder, tasks } = holderOf(() => 'well');
    worker = new Worker({
      transport,
      store: new RpcResultStore({ transport }),
      holders: [{ holder: { ...holder, queue }, tasks }],
      nodeName: 'w1@spec',
      logger: silentLogger,
      settings: { workerConcurrency: 4 },
    });
    await worker.start();
  });

  afterAll(async () => {
    await worker.stop();
    await caller.close();
    await withAdmin(async (channel) => {
      await channel.deleteQueue(queue);
      await channel.deleteQueue(later);
      await channel.deleteExchange(queue);
    });
  });

  async function callWith(id: string, embed: Partial<TaskEmbed>): Promise<void> {
    const call = {
      name: 'work',
      id,
      args: [],
      kwargs: {},
      origin: 'spec@host',
      replyTo: caller.replyQueue,
      embed,
    };
    const publisher = caller.transport.publisher({ confirm: true });
    await publisher.publish({ exchange: '', routingKey: queue, mandatory: true, ...encodeTaskMessage(call) });
    await publisher.close({ drainMs: 0 });
  }

  async function answered(id: string): Promise<void> {
    await patiently(`${id} is answered`, () => caller.results.has(id));
  }

  function waitingLater(): Promise<number> {
    return withAdmin(async (channel) => (await channel.checkQueue(later)).messageCount);
  }

  it('sends a group of 3,000 while other tasks are answered', async () => {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    await callWith('group', { callbacks: [group(Array.from({ length: 3000 }, () => task()))] });
    delay.enable();
    let meanwhile = 0;
    while (!caller.results.has('group')) {
      const id = `plain-${String(meanwhile)}`;
      await caller.call(queue, 'work', id);
      await answered(id);
      meanwhile++;
    }
    delay.disable();
    report('a group of 3,000', {
      'plain tasks meanwhile': meanwhile,
      'longest stall in ms': delay.max / 1e6,
    });
    expect(meanwhile).toBeGreaterThan(3);
    expect(caller.results.get('group')).toMatchObject([{ status: 'SUCCESS' }]);
    expect(await waitingLater()).toBe(3000);
    await withAdmin((channel) => channel.purgeQueue(later));
  });

  it.each<[string, Signature]>([
    ['a group of 100,000', group(Array.from({ length: 100_000 }, () => task()))],
    ['groups in links of groups', nested(21)],
    [
      '5,000 members that share 300 kB',
      group(
        Array.from({ length: 5000 }, () => task()),
        { headers: { padding: 'x'.repeat(300_000) } },
      ),
    ],
  ])('fails the task before it sends %s', async (what, callback) => {
    await inTime('the call is sent', callWith(what, { callbacks: [callback] }));
    await answered(what);
    expect(caller.results.get(what)).toMatchObject([
      {
        status: 'FAILURE',
        result: { exc_type: 'ValueError', exc_message: [expect.stringContaining('CELERIAC_MAX_FOLLOW_UP_')] },
      },
    ]);
    expect(await waitingLater()).toBe(0);
  });
});
