/**
 * The program of the measured image: without arguments the worker that is measured, put together as the workers of the
 * calculator; with a job, as JSON, the publisher that measures it.
 */
import { readSettings, runWorkerApp } from '@celeriac/app-shell';
import { implement } from '@celeriac/task-registry';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from './job.ts';
import { runJob } from './publisher/run-job.ts';
import { waitingTasks } from './waiting-tasks.ts';

const [job] = process.argv.slice(2);
if (job === undefined) await runWaitingWorker();
else
  process.stdout.write(
    `${JSON.stringify(await runJob(readSettings(process.env).brokerUrl, JSON.parse(job) as Job))}\n`,
  );

async function runWaitingWorker(): Promise<void> {
  const queue = process.env['SCALING_QUEUE'];
  if (queue === undefined) throw new Error('SCALING_QUEUE must name the queue to serve');
  const worker = hostname();
  await runWorkerApp(
    implement(waitingTasks(queue), {
      wait: async (ms) => {
        const from = performance.now();
        await delay(ms);
        return { worker, waitedMs: performance.now() - from };
      },
      noop: () => null,
    }),
  );
}
