/**
 * A worker in a process of its own that tells what it holds: `node forked-worker.ts <ForkedWorkerOptions as JSON>`. Its
 * parent is told when it is ready, and what it holds whenever it asks; the worker stops warm when the parent disconnects,
 * or is gone.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createWorker } from '../create-worker.ts';
import { tasks as busyTasks } from './busy-tasks.ts';
import type { ForkedWorkerOptions, WorkerCensus } from './forked-worker-process.ts';
import { holderOf } from './received-task.ts';
import { takeCensus } from './resource-census.ts';

const { brokerUrl, queue, settings } = JSON.parse(process.argv[2] ?? '{}') as ForkedWorkerOptions;

const { holder, tasks } = holderOf(async ({ request: { deliveryInfo } }, waitMs: number) => {
  const startedAt = Date.now();
  if (waitMs > 0) await delay(waitMs);
  return { pid: process.pid, redelivered: deliveryInfo.redelivered, startedAt };
});
const own = {
  holder: { ...holder, queue: queue.name },
  tasks: tasks.map((task) => ({ ...task, queue: queue.name })),
};
const failing = holderOf((_, text: string) => {
  throw new Error(text);
}, 'quote');
const app = createWorker(settings?.tasksModule === undefined ? [own, failing] : [busyTasks], {
  ...settings,
  brokerUrl,
  queues: [queue],
  nodeName: `forked-${String(process.pid)}@spec`,
});

function census(): WorkerCensus {
  const told = { counts: { ...app.counts }, at: performance.now() }; // before the collection takes its time
  const { heapUsed } = takeCensus();
  return { ...told, heapUsed, rss: process.memoryUsage.rss() };
}

process.on('message', () => process.send?.(census()));
process.on('disconnect', () => {
  void app.stop({ timeoutMs: 5000 }); // nothing keeps the process after that
});
void app.start().then(() => process.send?.('ready'));
