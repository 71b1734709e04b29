/** A worker for the specs on chains, groups and callbacks: tasks whose results are arguments of others. */
import { runWorkerApp } from '@celeriac/app-shell';
import { float, PythonError } from '@celeriac/protocol';
import { defineHolder, implement, plainTask } from '@celeriac/task-registry';
import { canvasQueues } from './canvas-queues.ts';

const holder = defineHolder(canvasQueues.ts, {
  add: plainTask({ name: 'canvas.add' }),
  multiply: plainTask({ name: 'canvas.multiply' }),
  fail: plainTask({ name: 'canvas.fail' }),
  echo: plainTask({ name: 'canvas.echo' }),
  note: plainTask({ name: 'canvas.note' }),
});

await runWorkerApp(
  implement(holder, {
    add: (x: number, y: number) => float(x + y),
    multiply: (x: number, y: number) => float(x * y),
    fail: () => {
      throw new PythonError('ValueError', ['bad']);
    },
    echo: (first: unknown, extra: unknown = null) => [first, extra],
    note: (failedId: string) => `noted ${failedId}`,
  }),
);
