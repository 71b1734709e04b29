import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { guardLogger, type Logger } from '@celeriac/primitives';
import type { TaskContext } from '@celeriac/task-registry';
import { RecordingLogger } from '@celeriac/testing';
import { ActiveRuns } from './active-runs.ts';
import { RevokedTasks } from '../revoke/revoked-tasks.ts';
import { TaskAdmission } from '../receive/task-admission.ts';
import { TaskOutcomes } from '../settle/task-outcomes.ts';
import { TaskRunner } from './task-runner.ts';
import { outcomesFixture } from '../testing/outcomes.ts';
import { receivedTask, registeredTask } from '../testing/received-task.ts';
import { unlimitedWaiting } from '../testing/unlimited-waiting.ts';

function runnerWith(logger: Logger = new RecordingLogger()) {
  const clock = { now: () => 0 };
  const { outcomes, signals, store } = outcomesFixture({ clock, logger });
  const active = new ActiveRuns();
  const admission = new TaskAdmission(new RevokedTasks(), clock);
  const runner = new TaskRunner(
    { outcomes, signals, active, pool: undefined, nodeName: 'w1@host', logger, clock },
    admission,
    unlimitedWaiting(),
  );
  return { runner, store, active };
}

describe('TaskRunner', () => {
  it('deals with a task that does not wait before it returns, without a promise', () => {
    const { runner, store } = runnerWith();
    expect(runner.execute(receivedTask(registeredTask(() => 5)))).toBeUndefined();
    expect(store.results).toMatchObject([{ status: 'SUCCESS', result: 5 }]);
  });

  it('deals with what a task throws at once', () => {
    const { runner, store } = runnerWith();
    const task = registeredTask(() => {
      throw new RangeError('out of range');
    });
    expect(runner.execute(receivedTask(task))).toBeUndefined();
    expect(store.results).toMatchObject([{ status: 'FAILURE', result: { exc_type: 'ValueError' } }]);
  });

  it.each<[string, () => unknown, object]>([
    ['resolves', () => Promise.resolve('later'), { status: 'SUCCESS', result: 'later' }],
    [
      'rejects',
      () => Promise.reject(new Error('late')),
      { status: 'FAILURE', result: { exc_type: 'Exception', exc_message: ['late'] } },
    ],
    [
      'is no promise of the language',
      () => ({ then: (resolve: (value: number) => void) => { resolve(7); } }), // prettier-ignore
      { status: 'SUCCESS', result: 7 },
    ],
  ])('waits for a result that %s', async (_what, run, expected) => {
    const { runner, store } = runnerWith();
    const running = runner.execute(receivedTask(registeredTask(run)));
    expect(store.results).toEqual([]);
    await running;
    expect(store.results).toMatchObject([expected]);
  });

  it.each([undefined, null, 'a text', 17, Symbol('s'), Object.create(null) as object])(
    'fails a task that throws no error: %p',
    async (thrown) => {
      const { runner, store } = runnerWith();
      const task = registeredTask(() => {
        throw thrown; // eslint-disable-line @typescript-eslint/only-throw-error -- tasks are other people's code
      });
      await runner.execute(receivedTask(task));
      expect(store.results).toMatchObject([{ status: 'FAILURE', result: { exc_type: 'Exception' } }]);
    },
  );

  it('tells subscribers of the diagnostics channel celeriac.task_postrun of each run', async () => {
    const { runner } = runnerWith();
    const messages: unknown[] = [];
    const listen = (message: unknown) => messages.push(message);
    const failure = new RangeError('out of range');
    const failing = registeredTask(() => {
      throw failure;
    });
    subscribe('celeriac.task_postrun', listen);
    try {
      await runner.execute(receivedTask(registeredTask(() => 5)));
      await runner.execute(receivedTask(registeredTask(() => Promise.resolve('later'))));
      await runner.execute(receivedTask(failing));
    } finally {
      unsubscribe('celeriac.task_postrun', listen);
    }
    await runner.execute(receivedTask(registeredTask(() => 6)));
    const { opened, body } = receivedTask(failing);
    const run = { task_id: opened.id, task: opened.name, args: body.args, kwargs: body.kwargs };
    expect(messages).toMatchObject([
      { ...run, state: 'SUCCESS', retval: 5, delivery_info: { redelivered: false } },
      { ...run, state: 'SUCCESS', retval: 'later' },
      { ...run, state: 'FAILURE', retval: failure },
    ]);
  });

  it('tells a run once, also when its success could not be dealt with and it fails', async () => {
    const { runner, store } = runnerWith();
    jest.spyOn(TaskOutcomes.prototype, 'succeeded').mockImplementationOnce(() => {
      throw new Error('no room');
    });
    const states: unknown[] = [];
    const listen = (message: unknown) => states.push((message as { state: string }).state);
    subscribe('celeriac.task_postrun', listen);
    try {
      await runner.execute(receivedTask(registeredTask(() => 5)));
    } finally {
      unsubscribe('celeriac.task_postrun', listen);
      jest.restoreAllMocks();
    }
    expect(states).toEqual(['SUCCESS']);
    expect(store.results).toMatchObject([{ status: 'FAILURE', result: { exc_message: ['no room'] } }]);
  });

  it('does not run a task whose delivery was lost while it waited', () => {
    const { runner, store } = runnerWith();
    let runs = 0;
    const received = receivedTask(registeredTask(() => runs++));
    received.delivery.isLost = true;
    expect(runner.execute(received)).toBeUndefined();
    expect([runs, store.results]).toEqual([0, []]);
  });

  it('stores the result and settles nothing when the delivery is lost in mid-run', async () => {
    const { runner, store } = runnerWith();
    let finish: (value: string) => void = () => undefined;
    const received = receivedTask(registeredTask(() => new Promise((resolve) => (finish = resolve))));
    const running = runner.execute(received);
    received.delivery.isLost = true;
    finish('done');
    await running;
    store.confirmAll();
    expect(store.results).toMatchObject([{ status: 'SUCCESS', taskId: 'an-id' }]);
    expect(received.delivery.settlement).toBeUndefined();
  });

  it('gives a bound task its context, with the signal to stop', async () => {
    const { runner, store, active } = runnerWith();
    let seen: TaskContext | undefined;
    const task = registeredTask((context) => {
      seen = context;
      return new Promise((resolve) => {
        context.signal.addEventListener('abort', () => {
          resolve(context.request.id);
        });
      });
    });
    const running = runner.execute(receivedTask(task));
    active.get('an-id')?.abort(new Error('stop'));
    await running;
    expect(store.results).toMatchObject([{ result: 'an-id' }]);
    expect([seen?.signal.aborted, active.size]).toEqual([true, 0]);
  });

  it.each(['at once', 'later'])('tells and settles a failure whose log line fails, %s', async (when) => {
    const lines: string[] = [];
    const logger: Logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => {
        throw new Error('disk full');
      },
      error: (_fields, message) => {
        lines.push(message);
      },
    };
    const { runner, store } = runnerWith(guardLogger(logger));
    const failure = new Error('bad');
    const task = registeredTask(() => {
      if (when === 'later') return Promise.reject(failure);
      throw failure;
    });
    const received = receivedTask(task);
    await runner.execute(received);
    expect(lines).toEqual([]);
    store.confirmAll();
    expect([store.results.length, received.delivery.settlement]).toEqual([1, 'ack']);
  });
});
