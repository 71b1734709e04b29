import { closeAfterAll } from './close-after-all.ts';
import { describeWithPython } from './describe-with-python.ts';
import { runDriver } from './python-driver.ts';
import { startTypescriptWorkers } from './typescript-app.ts';

/** Lines of `drivers/events.py`. */
interface WatchedTask {
  readonly events: readonly string[];
  readonly worker: string;
}

interface WatchedWorker {
  readonly hostname: string;
}

const calls = [
  { task: 'add', queue: 'addition', args: [{ num_1: 7, num_2: 2 }] },
  { task: 'add', queue: 'addition', args: [{ num_1: 'abc', num_2: 2 }] },
  { task: 'no.such.task', queue: 'addition', args: [] },
].map((call) => JSON.stringify(call));

describeWithPython('a monitor made of Celery’s event receiver and state', (python) => {
  closeAfterAll();

  it('follows the tasks of a TypeScript worker, and knows that it is alive', async () => {
    await startTypescriptWorkers(['addition'], {
      CELERY_WORKER_SEND_TASK_EVENTS: 'true',
      CELERIAC_NODE_NAME: 'watched@typescript',
    });

    const lines = await runDriver<WatchedTask | WatchedWorker>(python, 'events', [], calls);

    expect(lines).toEqual([
      {
        name: 'add',
        state: 'SUCCESS',
        args: "[{'num_1': 7, 'num_2': 2}]",
        kwargs: '{}',
        result: '9.0',
        exception: null,
        retries: 0,
        events: ['task-received', 'task-started', 'task-succeeded'],
        worker: 'watched@typescript',
        isFromRoot: true,
        runtime: 'float',
      },
      {
        name: 'add',
        state: 'FAILURE',
        args: "[{'num_1': 'abc', 'num_2': 2}]",
        kwargs: '{}',
        result: null,
        exception: 'ValueError("could not convert string to float: \'abc\'")',
        retries: 0,
        events: ['task-received', 'task-started', 'task-failed'],
        worker: 'watched@typescript',
        isFromRoot: true,
        runtime: 'NoneType',
      },
      expect.objectContaining({
        state: 'FAILURE',
        exception: "NotRegistered('no.such.task')",
        events: ['task-failed'],
      }),
      {
        hostname: 'watched@typescript',
        alive: true,
        freq: 2,
        sw_ident: 'celeriac',
        processed: 2,
        active: 0,
      },
    ]);
  });
});
