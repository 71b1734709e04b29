/** The program of a process of the pool; its parent is the worker. */
import { Worker } from 'node:worker_threads';
import { coerceError } from '@celeriac/primitives';
import { surviveEscapedErrors } from './escaped-errors.ts';
import { PoolChild } from './pool-child.ts';
import type { ChildStart, Job, MessageFromProcess, MessageToProcess } from './pool-messages.ts';

// a Ctrl-C reaches the whole group of the terminal; when tasks end is for the worker to say
for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) process.on(signal, () => undefined);
process.once('disconnect', () => {
  // eslint-disable-next-line no-restricted-properties -- a program of its own; without its worker nobody wants its results
  process.exit();
});
endWithParent(process.ppid);

let child: PoolChild | undefined;

process.on('message', (message: MessageToProcess) => {
  if (message.type === 'start') void load(message.start);
  else if (message.type === 'run') void run(message.job);
  else child?.abort(message);
});

async function load(start: ChildStart): Promise<void> {
  try {
    child = await PoolChild.load(start, send);
    surviveEscapedErrors(child);
    send({ type: 'ready' });
  } catch (error) {
    send({ type: 'load-failed', reason: coerceError(error).message });
  }
}

async function run(job: Job): Promise<void> {
  const outcome = await child?.run(job);
  if (outcome === undefined) return; // the worker sends nothing before `ready`
  send({ type: 'report', report: { outcome, memoryKib: process.memoryUsage.rss() / 1024 } });
}

function send(message: MessageFromProcess): void {
  process.send?.(message, undefined, undefined, () => undefined); // fails only when the worker is gone, which ends this too
}

/** A task that never yields keeps this process from seeing that its worker is gone; a thread sees it within a second. */
function endWithParent(parent: number): void {
  const watch = `setInterval(() => { if (process.ppid !== ${parent}) process.kill(process.pid, 'SIGKILL'); }, 1000)`;
  const bare = { execArgv: [], env: {} }; // no loaders for one line
  new Worker(watch, { eval: true, ...bare, resourceLimits: { maxOldGenerationSizeMb: 16 } }).unref();
}
