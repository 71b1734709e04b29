import { bound, defineHolder, defineTask, implement, plainTask } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import { createWorkerFrom, type WorkerFrom } from '@celeriac/worker';
import { Type } from '@sinclair/typebox';
import { randomUUID } from 'node:crypto';
import { Client } from './client.ts';
import { RemoteTaskError, TaskRevokedError } from './task-errors.ts';
import { TcpProxy } from './testing/tcp-proxy.ts';
import { deleteQueues, queueExists } from './testing/test-broker.ts';

const brokerUrl = String(process.env['CELERIAC_TEST_BROKER_URL']);
const queue = `client-spec-${randomUUID()}`;

const declared = defineHolder(queue, {
  add: defineTask({
    parameters: [
      ['x', Type.Number()],
      ['y', Type.Number()],
    ],
    result: Type.Number(),
  }),
  echo: plainTask(),
  fail: plainTask(),
  whereToReply: plainTask(),
  waitForGate: plainTask(),
});

/** What `waitForGate` waits for. */
let gate: Promise<void> = Promise.resolve();
let gateWaits = 0;

const tasks = implement(declared, {
  add: (x, y) => x + y,
  echo: (...args: unknown[]) => args,
  fail: () => {
    throw new TypeError('not like this');
  },
  whereToReply: bound((context) => context.request.replyTo),
  waitForGate: async () => {
    gateWaits++;
    await gate;
    return 'through';
  },
});

describe('Client with a worker', () => {
  let worker: WorkerFrom<typeof declared.declarations>['app'];
  let client: Client;

  beforeEach(async () => {
    worker = createWorkerFrom(tasks, { brokerUrl, taskTrackStarted: true }).app;
    await worker.start();
    client = await Client.connect({ brokerUrl, holders: [declared] });
  });

  afterEach(async () => {
    await client.close();
    await worker.stop();
  });

  afterAll(() => deleteQueues(brokerUrl, [queue]));

  it('gets what the task returns, by reference and by name', async () => {
    const sum = await client.tasks(declared).add.delay(7, 2);
    expect(await sum.get({ timeoutMs: 10_000 })).toBe(9);
    expect([sum.state, client.findResult(sum.id)]).toEqual(['SUCCESS', sum]);

    const values = [1, 0.5, 2n ** 70n, 'é☃😀', true, null, { deep: [[]] }];
    const echo = await client.sendTask('echo', values);
    expect(await echo.get({ timeoutMs: 10_000 })).toEqual(values);
  });

  it('gets the right result of each of a thousand calls at a time', async () => {
    const { add } = client.tasks(declared);
    const sums = await Promise.all(
      Array.from({ length: 1000 }, async (_, at) => (await add.delay(at, 1)).get({ timeoutMs: 30_000 })),
    );
    expect(sums).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1));
  });

  it('sees a task start, and end', async () => {
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const result = await client.sendTask('waitForGate');
    await until(() => result.state === 'STARTED', { timeoutMs: 10_000 });
    expect([result.isReady, result.result]).toMatchObject([false, { hostname: worker.nodeName }]);
    open();
    expect(await result.get({ timeoutMs: 10_000 })).toBe('through');
  });

  it('rejects with the error of a failed task', async () => {
    const result = await client.sendTask('fail');
    const error: unknown = await result.get({ timeoutMs: 10_000 }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RemoteTaskError);
    expect(error).toMatchObject({
      excType: 'TypeError',
      excModule: 'builtins',
      excArgs: ['not like this'],
      message: 'not like this',
      taskId: result.id,
    });
    expect((error as RemoteTaskError).traceback).toContain('TypeError: not like this');
  });

  it('rejects with TaskRevokedError when the task expired before its time came', async () => {
    const result = await client.sendTask('echo', [], {}, { countdown: 0.3, expires: 0.2 });
    const error: unknown = await result.get({ timeoutMs: 10_000 }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TaskRevokedError);
    expect(error).toMatchObject({ reason: 'expired' });
  });

  it('declares the queue again that was deleted under it', async () => {
    const other = `${queue}-deleted`;
    await client.sendTask('echo', [], {}, { queue: other });
    await deleteQueues(brokerUrl, [other]);
    await client.sendTask('echo', [], {}, { queue: other });
    expect(await queueExists(brokerUrl, other)).toBe(true);
    await deleteQueues(brokerUrl, [other]);
  });

  it('deletes its reply queue when it closes', async () => {
    const result = await client.sendTask('whereToReply');
    const replyTo = String(await result.get({ timeoutMs: 10_000 }));
    expect(await queueExists(brokerUrl, replyTo)).toBe(true);
    await client.close();
    expect(await queueExists(brokerUrl, replyTo)).toBe(false);
  });

  it('can send at once when it has just connected, even where calls are to fail fast', async () => {
    for (let at = 0; at < 10; at++) {
      const fresh = await Client.connect({ brokerUrl, holders: [declared], failFast: true });
      try {
        const result = await fresh.sendTask('echo', [at]);
        expect(await result.get({ timeoutMs: 10_000 })).toEqual([at]);
      } finally {
        await fresh.close();
      }
    }
  });

  it('sends with its first call when that comes before the connection', async () => {
    const fresh = new Client({ brokerUrl, holders: [declared] });
    try {
      const results = await Promise.all([1, 2, 3].map((at) => fresh.sendTask('echo', [at])));
      const values = await Promise.all(results.map((result) => result.get({ timeoutMs: 10_000 })));
      expect(values).toEqual([[1], [2], [3]]);
    } finally {
      await fresh.close();
    }
  });

  describe('when its connection is cut', () => {
    let proxy: TcpProxy;
    let remote: Client;

    beforeEach(async () => {
      proxy = await TcpProxy.open(brokerUrl);
      remote = await Client.connect({ brokerUrl: proxy.url, holders: [declared] });
    });

    afterEach(async () => {
      await remote.close();
      await proxy.close();
    });

    it('receives the results that were sent meanwhile, when it is back', async () => {
      let open: () => void = () => undefined;
      gate = new Promise((resolve) => (open = resolve));
      gateWaits = 0;
      const results = await Promise.all(['a', 'b', 'c'].map(() => remote.sendTask('waitForGate')));
      const gets = results.map((result) => result.get({ timeoutMs: 30_000 }));
      await until(() => gateWaits === 3, { timeoutMs: 10_000 });

      proxy.cut();
      await until(() => !remote.isConnected && proxy.connectionCount === 0);
      open();
      await worker.stop(); // the broker has confirmed every result by then
      expect(results.map(({ isReady }) => isReady)).toEqual([false, false, false]);

      proxy.restore();
      expect(await Promise.all(gets)).toEqual(['through', 'through', 'through']);
      await until(() => remote.isConnected, { timeoutMs: 10_000 });
    });

    it('sends what was called meanwhile, when it is back', async () => {
      proxy.cut();
      await until(() => !remote.isConnected);
      const calls = ['to the declared queue', 'and again'].map((text) => remote.sendTask('echo', [text]));
      proxy.restore();
      const results = await Promise.all(calls);
      expect(await Promise.all(results.map((result) => result.get({ timeoutMs: 30_000 })))).toEqual([
        ['to the declared queue'],
        ['and again'],
      ]);
    });
  });
});
