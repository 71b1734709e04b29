import { taskQueueTopology } from '@celeriac/protocol';
import { randomInt, randomUUID } from 'node:crypto';
import { Caller, testBrokerUrl } from '../testing/caller.ts';
import { withAdmin } from '../testing/fault-lane.ts';
import { workerKillCount } from '../testing/fault-scale.ts';
import { MortalProcess } from '../testing/mortal-process.ts';
import { patiently } from '../testing/patiently.ts';
import { ResultTally } from '../testing/result-tally.ts';

const workerCount = 3;
/** Calls under way at a time. */
const callerCount = 64;

describe('workers that are killed while callers keep calling', () => {
  const queue = `celeriac-faults-${randomUUID()}`;
  const tally = new ResultTally();
  const confirmed: string[] = [];
  let caller: Caller;

  beforeAll(async () => {
    caller = await new Caller(testBrokerUrl()).connect();
    caller.onResult = tally.heard;
    await withAdmin(async (channel) => {
      await channel.assertQueue(queue, taskQueueTopology([queue]).queues[0]);
    });
  });

  afterAll(async () => {
    await caller.close();
    await withAdmin(async (channel) => {
      await channel.deleteQueue(queue);
      await channel.deleteExchange(queue);
    });
  });

  /** Calls one task after the other, each when the one before is answered. */
  async function callUntil(isOver: AbortSignal): Promise<void> {
    while (!isOver.aborted) {
      const id = randomUUID();
      const answered = tally.answered(id);
      await caller.call(queue, 'work', id, [randomInt(0, 20)]);
      confirmed.push(id);
      await answered;
    }
  }

  it(`lose none of the confirmed calls in ${String(workerKillCount)} kills`, async () => {
    let killsLeft = workerKillCount;
    let kills = 0;
    const killing = Array.from({ length: workerCount }, async () => {
      while (killsLeft-- > 0) {
        const worker = await MortalProcess.start(queue);
        await tally.answeredBy(worker.pid, randomInt(1, 400));
        await worker.kill();
        kills++;
      }
    });
    const isOver = new AbortController();
    const calling = Array.from({ length: callerCount }, () => callUntil(isOver.signal));
    await Promise.all(killing);
    expect(kills).toBe(workerKillCount);

    isOver.abort();
    const last = await MortalProcess.start(queue);
    await patiently('no call waits for its result any more', () => tally.waitingCount === 0);
    await Promise.all(calling);
    expect(confirmed.filter((id) => !caller.results.has(id))).toEqual([]);
    expect(confirmed.length).toBeGreaterThan(workerKillCount);
    // kills hit tasks: what a dead worker had was run by another one
    expect(tally.redeliveredCount).toBeGreaterThan(0);

    await last.stop();
    await withAdmin(async (channel) => {
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0, consumerCount: 0 });
    });
  }, 900_000);
});
