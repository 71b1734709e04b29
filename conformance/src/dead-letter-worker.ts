/**
 * A worker of its own for the specs on malformed messages: the task `add` on a queue whose rejected messages are kept.
 * In all else it is what an app's worker is.
 */
import { resolveNodeName, runApp } from '@celeriac/app-shell';
import { additionTasks, readOperands } from '@celeriac/calculator';
import { defineHolder, implement } from '@celeriac/task-registry';
import { createWorkerFrom } from '@celeriac/worker';
import { deadLetterQueue } from './dead-letters.ts';

const QUEUE = 'conformance.malformed';

const holder = implement(defineHolder(QUEUE, { add: additionTasks.tasks.add.declaration }), {
  add: (payload) => {
    const [a, b] = readOperands(payload);
    return a + b;
  },
});

await runApp({
  name: 'dead-letter-worker',
  create: ({ settings, logger }) => {
    const nodeName = resolveNodeName(settings.nodeName, QUEUE);
    const queues = [{ name: QUEUE, queueArguments: { 'x-dead-letter-exchange': deadLetterQueue(QUEUE) } }];
    return createWorkerFrom(holder, { ...settings, queues, nodeName, logger }).app;
  },
});
