import type { Client } from '@celeriac/client';
import { setTimeout as delay } from 'node:timers/promises';
import type { RateJob, RateResult } from '../job.ts';
import { waitingTasks } from '../waiting-tasks.ts';
import type { Management } from './management.ts';

/** A call that is not answered for so long is lost, and the measurement with it. */
const answerTimeoutMs = 60_000;

/**
 * Keeps `open` calls open and counts the answers of a window after the warm-up.
 *
 * @throws when a call is refused, fails, or is not answered within a minute
 */
export async function measureRate(client: Client, management: Management, job: RateJob): Promise<RateResult> {
  const { queues, task, waitMs, open, warmUpMs, windowMs } = job;
  const tasks = queues.map((queue) => client.tasks(waitingTasks(queue)));
  const tally = { answered: 0, waitedMs: 0 };
  let isOver = false;

  async function callAgainAndAgain(first: number): Promise<void> {
    for (let turn = first; !isOver; turn++) {
      const { wait, noop } = tasks[turn % tasks.length] ?? fail('a job needs a queue');
      if (task === 'wait') {
        const { waitedMs } = await (await wait.delay(waitMs)).get({ timeoutMs: answerTimeoutMs });
        tally.waitedMs += waitedMs;
      } else {
        await (await noop.delay()).get({ timeoutMs: answerTimeoutMs });
      }
      tally.answered++;
    }
  }

  const callers = Promise.all(Array.from({ length: open }, (_, index) => callAgainAndAgain(index)));
  const watched = watch();
  const [result] = await Promise.all([watched, callers]);
  return result;

  async function watch(): Promise<RateResult> {
    await Promise.race([delay(warmUpMs), callers]);
    const from = Date.now();
    const start = { ...tally };
    const answeredEachSecond: number[] = [];
    for (let left = windowMs; left > 0; left -= 1000) {
      const before = tally.answered;
      await Promise.race([delay(Math.min(1000, left)), callers]);
      answeredEachSecond.push(tally.answered - before);
    }
    const answered = tally.answered - start.answered;
    const meanWaitedMs = answered === 0 ? 0 : (tally.waitedMs - start.waitedMs) / answered;
    const to = Date.now();
    const readyAtEnd = (await management.queues(queues)).map((queue) => queue.messages_ready ?? 0);
    isOver = true;
    const brokerBytes = await memoryOf(management);
    return { kind: 'rate', from, to, answered, answeredEachSecond, meanWaitedMs, readyAtEnd, brokerBytes };
  }
}

/** @throws Error when the broker blocks publishers for its memory, so that it is that limit which was measured */
async function memoryOf(management: Management): Promise<number> {
  const [node] = await management.get<{ mem_used: number; mem_alarm: boolean }[]>(
    'nodes?columns=mem_used,mem_alarm',
  );
  if (node === undefined || node.mem_alarm)
    throw new Error(`the broker blocks publishers at ${node?.mem_used ?? '?'} bytes of memory`);
  return node.mem_used;
}

function fail(text: string): never {
  throw new Error(text);
}
