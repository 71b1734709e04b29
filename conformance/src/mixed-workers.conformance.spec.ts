import { additionTasks, calculatorHolders } from '@celeriac/calculator';
import { Client } from '@celeriac/client';
import { closeAfterAll } from './close-after-all.ts';
import { describeWithPython } from './describe-with-python.ts';
import { brokerUrl } from './environment.ts';
import { runDriver } from './python-driver.ts';
import { startPythonWorkers } from './python-worker.ts';
import { startTypescriptWorkers } from './typescript-app.ts';

const COUNT = 10_000;
/** Calls under way: enough for both workers, few enough that no call waits long. */
const WINDOW = 500;

describeWithPython('a Python and a TypeScript worker on one queue', (python) => {
  const atEnd = closeAfterAll();
  let client: Client;

  beforeAll(async () => {
    client = new Client({ brokerUrl: brokerUrl(), holders: calculatorHolders });
    atEnd(() => client.close());
    // nothing is fetched ahead, so that the broker deals to whoever is free
    const one = { CELERY_WORKER_PREFETCH_MULTIPLIER: '1', CELERY_WORKER_CONCURRENCY: '1' };
    await Promise.all([
      startPythonWorkers(python, ['addition'], { prefetchMultiplier: 1 }),
      startTypescriptWorkers(['addition'], one),
      client.connected(),
    ]);
  });

  it(`share ${COUNT} calls, each with the right result`, async () => {
    const { add } = client.tasks(additionTasks);
    const wrong: unknown[] = [];
    let right = 0;
    for (let start = 0; start < COUNT; start += WINDOW) {
      const window = Array.from({ length: WINDOW }, async (_, offset) => {
        const payload = { num_1: start + offset, num_2: (offset % 7) - 3.5 };
        const result = await add.delay(payload);
        const value = await result.get({ timeoutMs: 60_000 });
        if (value === payload.num_1 + payload.num_2) right += 1;
        else wrong.push({ payload, value });
      });
      await Promise.all(window);
    }
    expect(wrong).toEqual([]);
    expect(right).toBe(COUNT);

    const [totals] = await runDriver<Record<string, number>>(python, 'worker_totals');
    const byPython = totals?.['addition'] ?? 0;
    // how much each gets depends on its speed; that it gets a share does not
    expect(byPython).toBeGreaterThan(COUNT / 100);
    expect(COUNT - byPython).toBeGreaterThan(COUNT / 100);
  });
});
