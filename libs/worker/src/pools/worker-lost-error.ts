import { constants } from 'node:os';
import { PythonError } from '@celeriac/protocol';

/**
 * What ran a task ended before the task did: it was killed, it crashed, or the task ended it.
 *
 * [EXC-WORKER-LOST] Source: billiard 4.3, billiard/pool.py `mark_as_worker_lost`, billiard/common.py `human_status`.
 */
export class WorkerLostError extends PythonError {
  /**
   * @param status how it ended, as {@link exitStatus} says it
   * @param job number of the run in its pool; undefined when the run was not one of a pool
   */
  constructor(status: string, job?: number, options?: ErrorOptions) {
    const run = job === undefined ? '' : ` Job: ${job}.`;
    super('WorkerLostError', [`Worker exited prematurely: ${status}${run}`], {
      ...options,
      excModule: 'billiard.exceptions',
    });
  }
}

/** How a process ended, in billiard's words: `signal 9 (SIGKILL)`, `exitcode 1`. */
export function exitStatus(code: number | null, signal: NodeJS.Signals | null = null): string {
  return signal === null ? `exitcode ${code ?? 0}` : `signal ${constants.signals[signal]} (${signal})`;
}
