/**
 * A worker in a process of its own, for specs that kill it: `node mortal-worker.ts <queue>`, with the broker of the specs.
 * Tells its parent when it is ready; stops warm when the parent disconnects, or is gone.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createWorkerFrom } from '../create-worker.ts';
import { testBrokerUrl } from './caller.ts';
import { holderOf } from './received-task.ts';

const [queue = ''] = process.argv.slice(2);

// the result tells how the task came here: by whom it was run, and whether another one had it before
const { holder, tasks } = holderOf(async ({ request: { deliveryInfo } }, waitMs: number) => {
  await delay(waitMs);
  return { pid: process.pid, redelivered: deliveryInfo.redelivered };
});
const { app } = createWorkerFrom(
  { holder: { ...holder, queue }, tasks: tasks.map((task) => ({ ...task, queue })) },
  { brokerUrl: testBrokerUrl(), nodeName: `mortal-${String(process.pid)}@spec`, workerConcurrency: 8 },
);
process.on('disconnect', () => {
  void app.stop({ timeoutMs: 5000 }); // nothing keeps the process after that
});
void app.start().then(() => process.send?.('ready'));
