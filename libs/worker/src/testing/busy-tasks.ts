/** Tasks that are hard on what runs them, for the specs of busy pools; threads and processes import this module. */
import { isMainThread, threadId } from 'node:worker_threads';
import { setTimeout as delay } from 'node:timers/promises';
import { bound, defineHolder, implement, plainTask, withOptions } from '@celeriac/task-registry';

/** Ends the process, or the thread, that runs the task. */
function die(): void {
  if (isMainThread) process.kill(process.pid, 'SIGKILL');
  // eslint-disable-next-line no-restricted-properties -- tasks do what they like
  else process.exit(3);
}

const holder = defineHolder('busy', {
  spin: plainTask(),
  spinForever: plainTask(),
  sleep: plainTask(),
  where: plainTask(),
  untilSoftLimit: plainTask(),
  dieOnce: plainTask(),
  dieForGood: plainTask(),
  poison: plainTask(),
  poisonProcess: plainTask(),
});

export const tasks = implement(holder, {
  /** Keeps its CPU busy; gives what it could do, so that no compiler leaves it out. */
  spin: (ms: number) => {
    const end = performance.now() + ms;
    let turns = 0;
    while (performance.now() < end) turns++;
    return turns;
  },
  spinForever: withOptions({ timeLimit: 1 }, () => {
    for (;;);
  }),
  sleep: async (ms: number) => {
    await delay(ms);
    return ms;
  },
  where: () => `${String(process.pid)}/${String(threadId)}`,
  untilSoftLimit: withOptions(
    { softTimeLimit: 0.5, timeLimit: 60 },
    bound(async ({ signal }) => {
      await delay(50_000, undefined, { signal });
    }),
  ),
  dieOnce: withOptions(
    { rejectOnWorkerLost: true },
    bound(async ({ request }) => {
      if (!request.deliveryInfo.redelivered) die();
      await delay(1);
      return 'survived';
    }),
  ),
  dieForGood: withOptions({ rejectOnWorkerLost: false }, async () => {
    die();
    await delay(60_000);
  }),
  poison: async () => {
    die();
    await delay(60_000);
  },
  /** Takes the whole process along, also from a thread. */
  poisonProcess: async () => {
    process.kill(process.pid, 'SIGKILL');
    await delay(60_000);
  },
});
