/** How a delivery is settled: every outcome, early and late, by options of the task and by settings of the worker. */
import { PythonError } from '@celeriac/protocol';
import { Ignore, Reject, type TaskContext, type TaskExecutionOptions } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WorkerSettings } from '../worker-settings.ts';
import { deliveryOfCall } from '../testing/received-task.ts';
import { FakePool } from '../testing/fake-pool.ts';
import { RunFixture } from '../testing/run-fixture.ts';

type Outcome =
  | 'success'
  | 'failure'
  | 'hard limit'
  | 'soft limit'
  | 'worker lost'
  | 'retry'
  | 'ignore'
  | 'reject'
  | 'reject with requeue'
  | 'terminated'
  | 'expired'
  | 'connection lost';

type Flags = Pick<
  TaskExecutionOptions,
  'acksLate' | 'acksOnFailure' | 'acksOnTimeout' | 'rejectOnWorkerLost'
>;

/** What is stored at the end, and how the delivery is settled; `-` is not at all. */
interface End {
  readonly stored: string;
  readonly settled: string;
}

const limits = { timeLimit: 2, softTimeLimit: 1 };

/** What the task does in each case where it does it itself. */
const tasks: Partial<Record<Outcome, (context: TaskContext) => unknown>> = {
  success: () => 5,
  failure: () => { throw new PythonError('ValueError', ['bad']); }, // prettier-ignore
  retry: (context) => context.retry({ countdown: 0 }),
  ignore: () => { throw new Ignore(); }, // prettier-ignore
  reject: () => { throw new Reject('no'); }, // prettier-ignore
  'reject with requeue': () => { throw new Reject('no', { requeue: true }); }, // prettier-ignore
  'soft limit': ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => { reject(signal.reason as Error); }); // prettier-ignore
    }),
};

async function play(
  outcome: Outcome,
  options: Flags,
  settings: Partial<WorkerSettings>,
  run = tasks[outcome] ?? (() => new Promise(() => undefined)),
): Promise<End> {
  const pool = outcome === 'worker lost' ? new FakePool() : undefined;
  const isLimited = outcome === 'hard limit' || outcome === 'soft limit';
  const fixture = new RunFixture(run, {
    options: { ...options, ...(isLimited ? limits : {}) },
    settings,
    ...(pool === undefined ? {} : { pool }),
  });
  const { runner, received, store, active, outcomes } = fixture;
  await fixture.declareQueue();
  const task = received(outcome === 'expired' ? { expires: new Date(Date.now() - 1000) } : {});
  const running = runner.execute(task);
  if (outcome === 'expired') expect(task.delivery.isSettled).toBe(false); // before the state is stored
  if (outcome === 'worker lost') pool?.runs[0]?.lose();
  if (outcome === 'terminated') active.get('an-id')?.terminate();
  if (outcome === 'connection lost') {
    task.delivery.isLost = true;
    active.get('an-id')?.abandon(new Error('the connection was lost'));
  }
  if (isLimited) jest.advanceTimersByTime(1000);
  await nextTurn();
  if (isLimited) jest.advanceTimersByTime(1000);
  await running;
  await until(() => outcome !== 'retry' || outcomes.counts.retried === 1);
  // a late delivery is settled when the state is stored, and not before
  const isSettledBefore = task.delivery.isSettled;
  if (store.results.length > 0 && task.policy.acksLate) expect(isSettledBefore).toBe(false);
  store.confirmAll();
  const { status, result } = store.results.at(-1) ?? {};
  const excType = (result as { exc_type?: string } | null | undefined)?.exc_type;
  return {
    stored: status === undefined ? '-' : excType === undefined ? status : `${status} ${excType}`,
    settled: task.delivery.settlement ?? '-',
  };
}

const timedOut = 'FAILURE TimeLimitExceeded';
const lost = 'FAILURE WorkerLostError';

/** SPEC.md §8.6, of Celery 5.7. */
const table: [Outcome, Flags, End][] = [
  // early: acknowledged at the start, whatever comes of it
  ['success', { acksLate: false }, { stored: 'SUCCESS', settled: 'ack' }],
  ['failure', { acksLate: false }, { stored: 'FAILURE ValueError', settled: 'ack' }],
  ['failure', { acksLate: false, acksOnFailure: false }, { stored: 'FAILURE ValueError', settled: 'ack' }],
  ['hard limit', { acksLate: false }, { stored: timedOut, settled: 'ack' }],
  ['hard limit', { acksLate: false, acksOnTimeout: false }, { stored: timedOut, settled: 'ack' }],
  ['soft limit', { acksLate: false }, { stored: 'FAILURE SoftTimeLimitExceeded', settled: 'ack' }],
  ['worker lost', { acksLate: false }, { stored: lost, settled: 'ack' }],
  ['worker lost', { acksLate: false, rejectOnWorkerLost: true }, { stored: lost, settled: 'ack' }],
  ['retry', { acksLate: false }, { stored: 'RETRY', settled: 'ack' }],
  ['ignore', { acksLate: false }, { stored: '-', settled: 'ack' }],
  ['reject', { acksLate: false }, { stored: 'FAILURE Reject', settled: 'ack' }],
  ['reject with requeue', { acksLate: false }, { stored: '-', settled: 'ack' }],
  ['terminated', { acksLate: false }, { stored: 'REVOKED TaskRevokedError', settled: 'ack' }],
  ['expired', { acksLate: false }, { stored: 'REVOKED TaskRevokedError', settled: 'ack' }],
  ['connection lost', { acksLate: false }, { stored: '-', settled: 'ack' }],
  // late: after the state is stored
  ['success', { acksLate: true }, { stored: 'SUCCESS', settled: 'ack' }],
  [
    'success',
    { acksLate: true, acksOnFailure: false, acksOnTimeout: false },
    { stored: 'SUCCESS', settled: 'ack' },
  ],
  ['failure', { acksLate: true }, { stored: 'FAILURE ValueError', settled: 'ack' }],
  ['failure', { acksLate: true, acksOnFailure: false }, { stored: 'FAILURE ValueError', settled: 'reject' }],
  ['failure', { acksLate: true, acksOnTimeout: false }, { stored: 'FAILURE ValueError', settled: 'ack' }],
  ['hard limit', { acksLate: true }, { stored: timedOut, settled: 'ack' }],
  ['hard limit', { acksLate: true, acksOnTimeout: false }, { stored: timedOut, settled: 'requeue' }],
  ['hard limit', { acksLate: true, acksOnFailure: false }, { stored: timedOut, settled: 'ack' }],
  ['soft limit', { acksLate: true }, { stored: 'FAILURE SoftTimeLimitExceeded', settled: 'ack' }],
  [
    'soft limit',
    { acksLate: true, acksOnFailure: false },
    { stored: 'FAILURE SoftTimeLimitExceeded', settled: 'reject' },
  ],
  [
    'soft limit',
    { acksLate: true, acksOnTimeout: false },
    { stored: 'FAILURE SoftTimeLimitExceeded', settled: 'ack' },
  ],
  ['worker lost', { acksLate: true, rejectOnWorkerLost: false }, { stored: lost, settled: 'ack' }],
  [
    'worker lost',
    { acksLate: true, rejectOnWorkerLost: false, acksOnFailure: false },
    { stored: lost, settled: 'reject' },
  ],
  ['worker lost', { acksLate: true, rejectOnWorkerLost: true }, { stored: '-', settled: 'requeue' }],
  ['retry', { acksLate: true }, { stored: 'RETRY', settled: 'ack' }],
  ['retry', { acksLate: true, acksOnFailure: false }, { stored: 'RETRY', settled: 'ack' }],
  ['ignore', { acksLate: true, acksOnFailure: false }, { stored: '-', settled: 'ack' }],
  ['reject', { acksLate: true }, { stored: 'FAILURE Reject', settled: 'reject' }],
  ['reject with requeue', { acksLate: true }, { stored: '-', settled: 'requeue' }],
  [
    'terminated',
    { acksLate: true, acksOnFailure: false },
    { stored: 'REVOKED TaskRevokedError', settled: 'ack' },
  ],
  [
    'expired',
    { acksLate: true, acksOnFailure: false },
    { stored: 'REVOKED TaskRevokedError', settled: 'ack' },
  ],
  ['connection lost', { acksLate: true }, { stored: '-', settled: '-' }],
];

function settingsOf(flags: Flags): Partial<WorkerSettings> {
  return {
    ...(flags.acksLate === undefined ? {} : { taskAcksLate: flags.acksLate }),
    taskAcksOnFailure: flags.acksOnFailure,
    taskAcksOnTimeout: flags.acksOnTimeout,
    ...(flags.rejectOnWorkerLost === undefined ? {} : { taskRejectOnWorkerLost: flags.rejectOnWorkerLost }),
  };
}

/** The other of each flag, which must not count. */
function opposite(flags: Flags): Flags {
  return Object.fromEntries(Object.entries(flags).map(([flag, value]) => [flag, !value]));
}

describe('acknowledgement', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it.each(table)(
    '%s, by options of the task, which win over settings: %j → %j',
    async (outcome, flags, end) => {
      expect(await play(outcome, flags, settingsOf(opposite(flags)))).toEqual(end);
    },
  );

  it.each(table)('%s, by settings of the worker: %j → %j', async (outcome, flags, end) => {
    expect(await play(outcome, {}, settingsOf(flags))).toEqual(end);
  });

  it.each(table.filter(([outcome]) => tasks[outcome] !== undefined && outcome !== 'soft limit'))(
    '%s in a later turn: %j → %j',
    async (outcome, flags, end) => {
      const run = async (context: TaskContext): Promise<unknown> => {
        await Promise.resolve();
        return tasks[outcome]?.(context);
      };
      expect(await play(outcome, flags, {}, run)).toEqual(end);
    },
  );

  it.each<[Outcome, string]>([
    ['failure', 'reject'],
    ['hard limit', 'requeue'],
  ])('task_acks_on_failure_or_timeout is both where neither is given: %s → %s', async (outcome, settled) => {
    const settings = { taskAcksOnFailureOrTimeout: false };
    expect(await play(outcome, {}, settings)).toMatchObject({ settled });
    expect(
      await play(outcome, {}, { ...settings, taskAcksOnFailure: true, taskAcksOnTimeout: true }),
    ).toMatchObject({
      settled: 'ack',
    });
  });

  it('is late, with requeue of what was lost, where nothing is said', async () => {
    expect(await play('success', {}, {})).toEqual({ stored: 'SUCCESS', settled: 'ack' });
    expect(await play('connection lost', {}, {})).toEqual({ stored: '-', settled: '-' });
    expect(await play('worker lost', {}, {})).toEqual({ stored: '-', settled: 'requeue' });
  });

  it('goes to the delivery with which a message came again while its task ran on', async () => {
    let finish: (value: unknown) => void = () => undefined;
    const { runner, received, store, active } = new RunFixture(
      () => new Promise((resolve) => (finish = resolve)),
    );
    const first = received();
    const { delivery } = first;
    const running = runner.execute(first);
    expect(active.get('an-id')?.adopt(deliveryOfCall({}, { redelivered: true }))).toBe(false); // it has one
    delivery.isLost = true;
    const second = deliveryOfCall({}, { redelivered: true });
    expect(active.get('an-id')?.adopt(second)).toBe(true);
    finish('done');
    await running;
    store.confirmAll();
    expect([delivery.settlement, second.settlement]).toEqual([undefined, 'ack']);
  });
});
