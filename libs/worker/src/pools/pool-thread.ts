/** The program of a thread of the pool, called by piscina. */
import { getHeapStatistics } from 'node:v8';
import type { MessagePort } from 'node:worker_threads';
import { coerceError } from '@celeriac/primitives';
import { surviveEscapedErrors } from './escaped-errors.ts';
import { PoolChild } from './pool-child.ts';
import type { AbortMessage, ChildStart, Job, RunMessage, RunReport } from './pool-messages.ts';

/** First of all: the tasks are loaded; the port is for what is said while they run. */
export interface ThreadStart {
  readonly start: ChildStart;
  readonly port: MessagePort;
}

let child: PoolChild | undefined;

/** @returns why the tasks cannot be loaded; undefined when they are */
export async function startThread({ start, port }: ThreadStart): Promise<string | undefined> {
  try {
    child = await PoolChild.load(start, (message: RunMessage) => {
      port.postMessage(message);
    });
  } catch (error) {
    return coerceError(error).message;
  }
  surviveEscapedErrors(child);
  port.on('message', (message: AbortMessage) => child?.abort(message));
  return undefined;
}

export async function runInThread(job: Job): Promise<RunReport> {
  if (child === undefined)
    throw new Error('a thread of the pool was given a task before its tasks were loaded');
  const outcome = await child.run(job);
  const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
  return { outcome, memoryKib: (heap + external) / 1024 };
}
