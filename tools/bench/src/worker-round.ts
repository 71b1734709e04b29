import { RunningContender, type Contender } from './contender.ts';
import { cpuSeconds, processTree } from './process-cpu.ts';
import { TaskQueue } from './task-queue.ts';

/** What one worker did in one round. */
export interface WorkerFigures {
  /** Tasks per second of wall-clock time. */
  readonly rate: number;
  /** CPU of the worker's processes per task, in µs. */
  readonly workerCpu: number;
  /** CPU of the broker per task, in µs. */
  readonly brokerCpu: number;
}

export interface WorkerRoundOptions {
  readonly brokerUrl: string;
  readonly brokerPid: number | undefined;
  readonly taskCount: number;
}

const queue = 'addition';
/** The first tasks warm the worker up and are not counted. */
const warmUpShare = 0.25;
const roundTimeoutMs = 120_000;

/**
 * Fills the queue, starts the worker and times it from a quarter of the replies to the last one; then checks every reply.
 */
export async function runWorkerRound(
  contender: Contender,
  options: WorkerRoundOptions,
): Promise<WorkerFigures> {
  const { brokerUrl, brokerPid, taskCount } = options;
  const tasks = await TaskQueue.open(brokerUrl, queue);
  await tasks.fill(taskCount);
  const worker = await RunningContender.start(contender, { ...process.env, CELERY_BROKER_URL: brokerUrl });
  const deadline = AbortSignal.any([worker.ended, AbortSignal.timeout(roundTimeoutMs)]);
  try {
    const warm = await tasks.waitForReplies(taskCount * warmUpShare, deadline);
    const workerPids = await processTree(worker.pid);
    const brokerPids = brokerPid === undefined ? [] : [brokerPid];
    const before = [await cpuSeconds(workerPids), await cpuSeconds(brokerPids), performance.now()] as const;
    const started = await tasks.waitForReplies(warm, deadline);
    await tasks.waitForReplies(taskCount, deadline);
    const after = [await cpuSeconds(workerPids), await cpuSeconds(brokerPids), performance.now()] as const;
    const counted = taskCount - started;
    await worker.stop();
    await tasks.verify();
    return {
      rate: (counted / (after[2] - before[2])) * 1000,
      workerCpu: ((after[0] - before[0]) / counted) * 1e6,
      brokerCpu: ((after[1] - before[1]) / counted) * 1e6,
    };
  } catch (error) {
    throw new Error(`${contender.name} failed; it printed:\n${worker.output}`, { cause: error });
  } finally {
    await worker.stop();
    await tasks.close();
  }
}
