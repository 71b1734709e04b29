import type { Signal } from '@celeriac/primitives';
import { PythonError } from '@celeriac/protocol';
import { Ignore, Reject, type TaskContext } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import { holderOf, optionedHolder } from './testing/received-task.ts';
import { FakePool } from './testing/fake-pool.ts';
import { WorkerFixture } from './testing/worker-fixture.ts';

const past = () => new Date(Date.now() - 1000);

/** Writes down the names of the signals of a worker, but for those of the worker itself, with what they carry. */
function listenTo({ worker }: WorkerFixture): [name: string, payload: Record<string, unknown>][] {
  const heard: [string, Record<string, unknown>][] = [];
  for (const signal of Object.values(worker.signals) as Signal<unknown>[]) {
    if (!signal.name.startsWith('worker_'))
      signal.connect((payload) => heard.push([signal.name, payload as Record<string, unknown>]));
  }
  return heard;
}

const tasks: Readonly<Record<string, (context: TaskContext) => unknown>> = {
  succeed: () => 5,
  'succeed later': () => Promise.resolve(5),
  fail: () => { throw new PythonError('ValueError', ['bad']); }, // prettier-ignore
  ignore: () => { throw new Ignore(); }, // prettier-ignore
  reject: () => { throw new Reject('no'); }, // prettier-ignore
  // to a queue that this worker does not consume
  retry: (context) => context.retry({ countdown: 3600, queue: 'replies' }),
};

describe('TaskSignals', () => {
  let fixture: WorkerFixture;

  /** A worker whose task does what its id says. */
  async function started(pool?: FakePool): Promise<WorkerFixture> {
    const holder = holderOf((context) => tasks[context.request.id]?.(context));
    fixture = new WorkerFixture(pool === undefined ? {} : { pool }, holder);
    return fixture.start();
  }

  afterEach(() => fixture.worker.stop({ mode: 'cold' }));

  it.each<[string, string[], string]>([
    ['succeed', ['task_success'], 'SUCCESS'],
    ['succeed later', ['task_success'], 'SUCCESS'],
    ['fail', ['task_failure'], 'FAILURE'],
    ['ignore', [], 'IGNORED'],
    ['reject', [], 'REJECTED'],
    ['retry', ['before_task_publish', 'after_task_publish', 'task_retry'], 'RETRY'],
  ])('of a task that is to %s: received, prerun, then postrun and %j', async (id, own, state) => {
    await started();
    const heard = listenTo(fixture);
    fixture.send(id);
    await until(() => fixture.settled.length === 1);
    const names = heard.map(([name]) => name);
    expect(names.slice(0, 2)).toEqual(['task_received', 'task_prerun']);
    expect(names.slice(2).sort()).toEqual([...own, 'task_postrun'].sort());
    expect(names.filter((name) => own.includes(name))).toEqual(own); // in their order
    const payloads = Object.fromEntries(heard);
    expect(payloads['task_postrun']).toMatchObject({ taskId: id, task: 'work', state });
    for (const [name, payload] of heard)
      expect([name, payload['taskId'], payload['task']]).toEqual([name, id, 'work']);
  });

  it('carry what came of a task', async () => {
    await started();
    const heard = listenTo(fixture);
    fixture.send('succeed', 'fail', 'retry');
    await until(() => fixture.settled.length === 3);
    const carried = (name: string) => heard.find(([one]) => one === name)?.[1];
    expect(carried('task_success')).toMatchObject({
      result: 5,
      runtimeSeconds: expect.any(Number) as number,
    });
    expect(carried('task_failure')).toMatchObject({ exception: { excType: 'ValueError' } });
    expect(carried('task_retry')).toMatchObject({ reason: undefined, eta: expect.any(Date) as Date });
    expect(carried('task_received')).toMatchObject({
      request: { id: 'succeed', retries: 0 },
      args: [],
      kwargs: {},
    });
  });

  it('of a task that expired is received, unless it had when it came, then revoked', async () => {
    await started();
    const heard = listenTo(fixture);
    fixture.sendCall({ id: 'succeed', expires: past() });
    await until(() => fixture.settled.length === 1);
    expect(heard).toMatchObject([['task_revoked', { expired: true, terminated: false, signum: undefined }]]);
  });

  it('of a task that is terminated tell so', async () => {
    const pool = new FakePool();
    await started(pool);
    const heard = listenTo(fixture);
    fixture.send('endless');
    await until(() => pool.runs.length === 1);
    fixture.worker.control.revoke('endless', { terminate: true });
    await until(() => fixture.settled.length === 1);
    expect(heard.map(([name]) => name)).toEqual(['task_received', 'task_prerun', 'task_revoked']);
    expect(heard.at(-1)?.[1]).toMatchObject({ terminated: true, expired: false, signum: 9 });
  });

  it('of messages that no task is made of tell which, and why', async () => {
    await started();
    const heard = listenTo(fixture);
    fixture.sendCall({ id: 'a', name: 'no.such.task' });
    fixture.transport.put('shop', { body: Buffer.from('{not json'), headers: { task: 'work', id: 'b' }, properties: { contentType: 'application/json' } }); // prettier-ignore
    await until(() => fixture.settled.length === 2);
    expect(heard).toMatchObject([
      ['task_unknown', { taskId: 'a', task: 'no.such.task', exc: { excType: 'NotRegistered' } }],
      ['task_rejected', { message: { headers: { id: 'b' } }, exc: expect.any(Error) as Error }],
    ]);
  });

  it('may add headers to what is published', async () => {
    await started();
    fixture.worker.signals.beforeTaskPublish.connect(({ headers }) => {
      headers['trace'] = 'abc';
    });
    fixture.send('retry');
    await until(() => fixture.settled.length === 1);
    const retry = fixture.transport.published.find(({ headers }) => headers['retries'] === 1);
    expect(retry?.headers).toMatchObject({ trace: 'abc', id: 'retry' });
  });

  it('harm nothing when a receiver throws or rejects: it is logged, and the others are told', async () => {
    const holder = optionedHolder({}, () => 'done');
    fixture = new WorkerFixture({}, holder);
    const told: string[] = [];
    for (const signal of Object.values(fixture.worker.signals) as Signal<unknown>[]) {
      signal.connect(() => { throw new Error(`${signal.name} threw`); }); // prettier-ignore
      signal.connect(() => Promise.reject(new Error(`${signal.name} rejected`)));
      signal.connect(() => told.push(signal.name));
    }
    await fixture.start();
    fixture.send('a');
    await until(() => fixture.settled.length === 1);
    await fixture.worker.stop();
    expect(fixture.results).toMatchObject([{ status: 'SUCCESS', result: 'done' }]);
    const names = ['worker_init', 'worker_ready', 'task_received', 'task_prerun', 'task_success', 'task_postrun', 'worker_shutting_down', 'worker_shutdown']; // prettier-ignore
    expect([...told].sort()).toEqual([...names].sort());
    await until(() => fixture.logger.fieldsOf('receiver of a signal failed').length === 2 * names.length);
  });

  it('of the worker come in the order of its life', async () => {
    await started();
    const heard: unknown[] = [];
    const fresh = new WorkerFixture();
    for (const signal of [
      fresh.worker.signals.workerInit,
      fresh.worker.signals.workerReady,
      fresh.worker.signals.workerShutdown,
    ])
      // prettier-ignore
      signal.connect(({ nodeName }) => heard.push([signal.name, nodeName, fresh.worker.state]));
    fresh.worker.signals.workerShuttingDown.connect(({ how }) => heard.push(how));
    await fresh.start();
    fresh.send('endless');
    await fresh.begun(1);
    void fresh.worker.stop();
    await fresh.worker.stop({ mode: 'cold' });
    expect(heard).toEqual([
      ['worker_init', 'w1@host', 'running'],
      ['worker_ready', 'w1@host', 'running'],
      'warm',
      'cold',
      ['worker_shutdown', 'w1@host', 'stopped'],
    ]);
  });
});
