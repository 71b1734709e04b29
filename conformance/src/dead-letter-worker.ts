/**
 * A worker of its own for the specs on malformed messages: the task `add` on a queue whose rejected messages are kept.
 * In all else it is what an app's worker is.
 */
import { AmqpTransport } from '@celeriac/amqp-transport';
import { resolveNodeName, runApp } from '@celeriac/app-shell';
import { additionTasks, readOperands } from '@celeriac/calculator';
import { RpcResultStore } from '@celeriac/result-backend';
import { defineHolder, implement } from '@celeriac/task-registry';
import { Worker } from '@celeriac/worker';
import { withDeadLetters } from './dead-letters.ts';

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
    const transport = withDeadLetters(new AmqpTransport({ ...settings, name: nodeName, logger }));
    const store = new RpcResultStore({ transport });
    return new Worker({ transport, store, holders: [holder], nodeName, settings, logger });
  },
});
