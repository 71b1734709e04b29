import { InMemoryBroker, InMemoryTransport } from '@celeriac/in-memory-transport';
import { encodeTaskMessage, parseJson, type ResultMessage, type TaskCall } from '@celeriac/protocol';
import { RpcResultStore } from '@celeriac/result-backend';
import { RecordingLogger, until } from '@celeriac/testing';
import { FakePool } from '../testing/fake-pool.ts';
import { holderOf } from '../testing/received-task.ts';
import { WorkerFixture } from '../testing/worker-fixture.ts';
import type { WorkerSettings } from '../worker-settings.ts';
import { Worker } from '../worker.ts';

const limit = 2;

/** Workers of one queue, one after the other: a run of `poison` goes on until its worker is killed. */
class Fleet {
  readonly broker = new InMemoryBroker();
  readonly logger = new RecordingLogger();
  /** Ids of the runs that began, in order. */
  readonly runs: string[] = [];
  readonly caller = new InMemoryTransport({ broker: this.broker });
  readonly #settings: Partial<WorkerSettings>;
  #transport: InMemoryTransport | undefined;
  readonly #started: { readonly worker: Worker; readonly transport: InMemoryTransport }[] = [];

  constructor(settings: Partial<WorkerSettings> = {}) {
    this.#settings = { redeliveryLimit: limit, workerLostWaitMs: 0, ...settings };
    const queues = ['shop', 'replies'].map((name) => ({
      name,
      durable: true,
      exclusive: false,
      autoDelete: false,
    }));
    this.broker.declare({ exchanges: [], queues, bindings: [] }, this.caller);
  }

  get transport(): InMemoryTransport {
    if (this.#transport === undefined) throw new Error('no worker has been started');
    return this.#transport;
  }

  async start(): Promise<Worker> {
    const transport = new InMemoryTransport({ broker: this.broker });
    const holder = holderOf(({ request: { id } }) => {
      this.runs.push(id);
      return id.startsWith('poison') ? new Promise(() => undefined) : id;
    });
    this.#transport = transport;
    const worker = new Worker({
      transport,
      store: new RpcResultStore({ transport }),
      holders: [holder],
      nodeName: 'w1@host',
      settings: this.#settings,
      logger: this.logger,
    });
    this.#started.push({ worker, transport });
    await worker.start();
    return worker;
  }

  /** Its connections are gone for ever, as are those of a process that was killed. */
  kill(): void {
    this.transport.disconnect();
  }

  async stop(): Promise<void> {
    for (const { worker, transport } of this.#started) {
      transport.reconnect();
      await worker.stop({ mode: 'cold' });
    }
  }

  send(id: string, headers: Readonly<Record<string, unknown>> = {}): void {
    const call: TaskCall = {
      id,
      name: 'work',
      args: [],
      kwargs: {},
      origin: 'spec@host',
      replyTo: 'replies',
    };
    const message = encodeTaskMessage(call);
    this.caller.put('shop', { ...message, headers: { ...message.headers, ...headers } });
  }

  get results(): ResultMessage[] {
    return this.caller.messagesIn('replies').map(({ body }) => parseJson(body.toString()) as ResultMessage);
  }

  /** Kills workers as soon as they run the poison, until there is an answer; tells how many. */
  async killUntilAnswered(id: string): Promise<number> {
    for (let kills = 0; ; kills++) {
      await this.start();
      const begun = (): number => this.runs.filter((run) => run === id).length;
      await until(() => begun() > kills || this.#answered(id), { what: `${id} runs or is answered` });
      if (this.#answered(id)) return kills;
      this.kill();
    }
  }

  #answered(id: string): boolean {
    return this.results.some((result) => (result as unknown as { task_id: string }).task_id === id);
  }
}

describe('a task that kills its workers', () => {
  let fleet: Fleet;

  afterEach(async () => {
    await fleet.stop();
  });

  it('is given up at the limit, its caller is told the count, and all others are answered', async () => {
    fleet = new Fleet({ workerConcurrency: 4, workerPrefetchMultiplier: 4 });
    const good = Array.from({ length: 40 }, (_, index) => `good ${index}`);
    for (const id of [...good.slice(0, 5), 'poison', ...good.slice(5)]) fleet.send(id);
    expect(await fleet.killUntilAnswered('poison')).toBe(limit + 1); // the first death is not known of any task
    await until(() => fleet.results.length === 41);
    const failures = fleet.results.filter(({ status }) => status === 'FAILURE');
    expect(failures).toMatchObject([
      {
        task_id: 'poison',
        result: {
          exc_type: 'WorkerLostError',
          exc_module: 'billiard.exceptions',
          exc_message: [
            `Worker exited prematurely: the task was started again ${limit} times, and its worker was lost each time.`,
          ],
        },
      },
    ]);
    const dead = fleet.broker.deadLettered.map(({ message }) => message.headers['id']);
    expect(dead).toEqual(['poison']);
    expect(new Set(fleet.runs.filter((id) => id !== 'poison')).size).toBe(40);
    await until(() => !fleet.broker.queueNames.some((name) => name.startsWith('celeriac.started.')));
  });

  it.each([
    { 'x-delivery-count': 1000 },
    { 'x-delivery-count': -1000 },
    { 'x-celeriac-delivery-count': 1000, 'x-celeriac-reject-reason': 'because' },
    { 'x-celeriac-delivery-count': -1000, redelivered: false },
  ])('cannot be helped or harmed by the headers %j', async (headers) => {
    fleet = new Fleet();
    fleet.send('good', headers);
    fleet.send('poison', headers);
    expect(await fleet.killUntilAnswered('poison')).toBe(limit + 1);
    expect(fleet.results.map(({ status }) => status).sort()).toEqual(['FAILURE', 'SUCCESS']);
  });

  it('runs alone once a worker was lost with it for certain', async () => {
    fleet = new Fleet({ workerConcurrency: 8, redeliveryLimit: 5 });
    fleet.send('poison');
    for (const kills of [1, 2]) {
      await fleet.start();
      await until(() => fleet.runs.length === kills);
      fleet.kill();
    }
    await fleet.start();
    for (const id of ['a', 'b']) fleet.send(id);
    await until(() => fleet.runs.length >= 3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // what came before it was known to be a suspect may have run; nothing starts beside it
    expect(fleet.runs.at(-1)).toBe('poison');
    expect(fleet.logger.fieldsOf('task given up: its worker was lost each time that it was started')).toEqual(
      [],
    );
  });

  it('is not stopped with a limit of 0', async () => {
    fleet = new Fleet({ redeliveryLimit: 0 });
    fleet.send('poison');
    for (const kills of [1, 2, 3, 4, 5]) {
      await fleet.start();
      await until(() => fleet.runs.length === kills);
      fleet.kill();
    }
    expect(fleet.results).toEqual([]);
    expect(fleet.broker.queueNames.filter((name) => name.startsWith('celeriac.'))).toEqual([]);
  });
});

describe('a connection that is lost again and again', () => {
  it('counts against no task, whether it had started or not', async () => {
    const settings = {
      redeliveryLimit: 1,
      workerLostWaitMs: 0,
      workerConcurrency: 2,
      workerPrefetchMultiplier: 4,
    };
    const fixture = await new WorkerFixture({ settings }).start();
    const ids = Array.from({ length: 12 }, (_, index) => `task ${index}`);
    fixture.send(...ids);
    await fixture.begun(2);
    for (let losses = 1; losses <= 30; losses++) {
      const { length } = fixture.transport.journal.of('delivered');
      fixture.transport.loseConnection();
      await until(() => fixture.transport.journal.of('delivered').length > length);
    }
    const done = new Set<string>();
    await until(
      () => {
        for (const run of fixture.runs)
          if (!done.has(run.id)) {
            done.add(run.id);
            run.finish('done');
          }
        return fixture.results.length === ids.length;
      },
      { timeoutMs: 20_000 },
    );
    expect(fixture.results.map(({ status }) => status)).toEqual(ids.map(() => 'SUCCESS'));
    expect(fixture.transport.deadLettered).toEqual([]);
    await fixture.worker.stop();
  });
});

describe('a task that kills the process of a pool that runs it', () => {
  it('is given up when it has lost so many, as its parent knows each of them', async () => {
    const pool = new FakePool();
    const settings = { redeliveryLimit: limit, workerLostWaitMs: 0 };
    const fixture = await new WorkerFixture({ settings, pool }).start();
    fixture.send('poison');
    for (let losses = 0; losses < limit; losses++) {
      await until(() => pool.runs.length === losses + 1);
      pool.runs[losses]?.lose();
    }
    await until(() => fixture.results.length === 1);
    expect(fixture.results).toMatchObject([{ status: 'FAILURE', result: { exc_type: 'WorkerLostError' } }]);
    expect(pool.runs).toHaveLength(limit);
    expect(fixture.transport.deadLettered).toHaveLength(1);
    await fixture.worker.stop();
  });
});
