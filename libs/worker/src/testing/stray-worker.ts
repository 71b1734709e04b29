/** A worker of the tasks in pool-tasks.ts, in a process of its own that hands it what escapes: `node stray-worker.ts <options as JSON>`. */
import type { Logger } from '@celeriac/primitives';
import { createWorker, type CreateWorkerOptions } from '../create-worker.ts';
import { tasks } from './pool-tasks.ts';

const told =
  (level: string): Logger['error'] =>
  (fields, message) =>
    process.send?.({ ...fields, err: undefined, level, message });
const logger: Logger = {
  debug: () => undefined,
  info: told('info'),
  warn: told('warn'),
  error: told('error'),
};
const options = JSON.parse(process.argv[2] ?? '{}') as CreateWorkerOptions;
const worker = createWorker([tasks], { ...options, logger });
for (const origin of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(origin, (caught: unknown) => worker.onEscapedError(caught, origin));
process.on('disconnect', () => void worker.stop({ timeoutMs: 5000 }));
await worker.start();
