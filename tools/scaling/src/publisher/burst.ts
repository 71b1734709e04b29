import type { Client } from '@celeriac/client';
import type { BurstJob, BurstResult } from '../job.ts';
import { median, quantile } from '../statistics.ts';
import { waitingTasks } from '../waiting-tasks.ts';

const answerTimeoutMs = 120_000;

/** Sends all calls at once. @throws when a call is refused, fails, or is not answered within two minutes */
export async function runBurst(client: Client, { queues, waitsMs }: BurstJob): Promise<BurstResult> {
  const tasks = queues.map((queue) => client.tasks(waitingTasks(queue)));
  const answeredAtMs: number[] = [];
  const ranBy = new Map<string, number>();
  // the first call also declares the queue and opens the reply queue, which is no part of the burst
  await (await tasks[0]?.wait.delay(0))?.get({ timeoutMs: answerTimeoutMs });
  const from = performance.now();
  await Promise.all(
    waitsMs.map(async (ms, index) => {
      const result = await tasks[index % tasks.length]?.wait.delay(ms);
      const answer = await result?.get({ timeoutMs: answerTimeoutMs });
      if (answer === undefined) throw new Error('a job needs a queue');
      answeredAtMs.push(performance.now() - from);
      ranBy.set(answer.worker, (ranBy.get(answer.worker) ?? 0) + 1);
    }),
  );
  return {
    kind: 'burst',
    tookMs: performance.now() - from,
    medianMs: median(answeredAtMs),
    p99Ms: quantile(answeredAtMs, 0.99),
    ranBy: [...ranBy.values()],
  };
}
