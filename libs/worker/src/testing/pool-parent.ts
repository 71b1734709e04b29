/** A program with a pool of two processes, for specs that end it: one process spins, the other has nothing to do. */
import { silentLogger } from '@celeriac/primitives';
import { createExecutionPool } from '../pools/create-execution-pool.ts';
import { poolTask } from './pool-task.ts';

const pool = createExecutionPool({
  workerPool: 'prefork',
  concurrency: 2,
  tasksModule: process.argv[2],
  nodeName: 'parent@spec',
  logger: silentLogger,
  execArgv: [],
});
await pool.start();
const ignoreState = { onUpdateState: () => undefined };
const waiting = pool.run(poolTask('untilAborted', ['return']), ignoreState);
const spinning = pool.run(poolTask('die', ['spin']), ignoreState);
waiting.abort(new Error('enough'));
await waiting.result;
process.stdout.write(JSON.stringify([waiting.pid, spinning.pid]));
