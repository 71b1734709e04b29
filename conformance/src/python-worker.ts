import type { Python } from './environment.ts';
import { ManagedProcess, stopAll } from './managed-process.ts';
import { operations, type Operation } from './operations.ts';
import { pythonEnvironment, pythonFolder } from './process-environment.ts';
import { waitUntil } from './wait-until.ts';

export interface PythonWorkerOptions {
  /** Celery's `--prefetch-multiplier`. Default Celery's own, 4. */
  readonly prefetchMultiplier?: number;
}

/** Starts Celery workers (prefork, one child each) and waits until they consume. On failure none is left. */
export async function startPythonWorkers(
  python: Python,
  names: readonly Operation[] = operations,
  { prefetchMultiplier = 4 }: PythonWorkerOptions = {},
): Promise<readonly ManagedProcess[]> {
  return ready(names.map((name) => start(python, `calculator.${name}`, name, prefetchMultiplier)));
}

/** Starts a Celery worker of another app, `module` in `python/`; otherwise as {@link startPythonWorkers}. */
export async function startPythonWorker(
  python: Python,
  module: string,
  name: string,
): Promise<ManagedProcess> {
  const worker = start(python, module, name, 4);
  await ready([worker]);
  return worker;
}

function start(python: Python, module: string, name: string, prefetchMultiplier: number): ManagedProcess {
  return new ManagedProcess({
    name: `Python worker ${name}`,
    command: python.executable,
    args: [
      ...['-m', 'celery', '-A', module, 'worker', '-n', `${name}@python`, '-l', 'INFO'],
      ...['--concurrency', '1', '--prefetch-multiplier', String(prefetchMultiplier)],
      // both only cost a second at start: no other worker matters here
      ...['--without-mingle', '--without-gossip'],
    ],
    cwd: pythonFolder(),
    env: pythonEnvironment(),
  });
}

async function ready(workers: readonly ManagedProcess[]): Promise<readonly ManagedProcess[]> {
  try {
    await Promise.all(workers.map(untilReady));
    return workers;
  } catch (error) {
    await stopAll(workers);
    throw error;
  }
}

async function untilReady(worker: ManagedProcess): Promise<void> {
  const isReady = (): boolean => {
    if (!worker.isRunning) throw new Error(`${worker.name} ended:\n${worker.outputTail}`);
    return worker.output.includes(' ready.');
  };
  await waitUntil(isReady, { what: `${worker.name} is ready`, timeoutMs: 60_000 });
}
