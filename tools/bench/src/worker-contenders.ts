import type { PythonEnvironment } from '@celeriac/local-stack';
import { join } from 'node:path';
import type { Contender } from './contender.ts';

/** How many times fewer tasks a slow contender gets, so that each takes about as long. */
export interface WorkerContender extends Contender {
  readonly taskShare: number;
}

/** The workers that are compared; Celery only where there is a Python. */
export function workerContenders(
  root: string,
  python: PythonEnvironment,
): Readonly<Record<string, WorkerContender>> {
  const rawLoop = join(root, 'tools/bench/dist/raw-loop.js');
  const worker = join(root, 'apps/addition/dist/main.js');
  const node = (
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): WorkerContender => ({
    name,
    command: process.execPath,
    args,
    env: { CELERIAC_LOG_LEVEL: 'warn', ...env },
    taskShare: 1,
  });
  return {
    raw: node('raw loop', [rawLoop, 'addition']),
    worker: node('worker', [worker], { CELERY_BROKER_CONFIRM_PUBLISH: 'false' }),
    rawConfirmed: node('raw loop, confirmed', [rawLoop, 'addition', 'confirm']),
    workerConfirmed: node('worker, confirmed', [worker]),
    ...('executable' in python.newest ? { celery: celery(root, python.newest.executable) } : {}),
  };
}

/** Celery's prefork worker as it comes, without the traffic between workers, which the others do not have either. */
function celery(root: string, executable: string): WorkerContender {
  return {
    name: 'Celery prefork',
    command: executable,
    args: [
      ...['-m', 'celery', '-A', 'calculator.addition', 'worker', '--loglevel', 'WARNING'],
      ...['--without-gossip', '--without-mingle', '--without-heartbeat'],
    ],
    cwd: join(root, 'conformance/python'),
    taskShare: 0.15,
  };
}
