import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TaskPool } from './task-pool.ts';

/** A pool whose items finish when the spec says so. */
class Workshop {
  readonly started: number[] = [];
  readonly finished: number[] = [];
  readonly #running = new Map<number, () => void>();
  readonly pool: TaskPool<number>;

  constructor(concurrency: number) {
    this.pool = new TaskPool(concurrency, (item) => {
      this.started.push(item);
      return new Promise((resolve) => this.#running.set(item, resolve));
    });
  }

  get running(): number[] {
    return [...this.#running.keys()];
  }

  async finish(item: number): Promise<void> {
    const resolve = this.#running.get(item);
    if (resolve === undefined) throw new Error(`item ${item} is not running`);
    this.#running.delete(item);
    this.finished.push(item);
    resolve();
    await nextTurn();
  }
}

describe('TaskPool', () => {
  it('runs up to the concurrency at once, and the others in their order as places become free', async () => {
    const workshop = new Workshop(2);
    for (const item of [1, 2, 3, 4]) workshop.pool.submit(item);
    expect([workshop.started, workshop.pool.runningCount, workshop.pool.waitingCount]).toEqual([
      [1, 2],
      2,
      2,
    ]);
    await workshop.finish(2);
    expect(workshop.started).toEqual([1, 2, 3]);
    await workshop.finish(1);
    await workshop.finish(3);
    expect([workshop.started, workshop.pool.runningCount, workshop.pool.waitingCount]).toEqual([
      [1, 2, 3, 4],
      1,
      0,
    ]);
  });

  it('never exceeds the concurrency and starts every item once, in order, whatever finishes when', async () => {
    const scripts = fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.oneof(fc.constant('submit' as const), fc.nat(10)), { maxLength: 60 }),
    );
    await fc.assert(
      fc.asyncProperty(scripts, async ([concurrency, steps]) => {
        const workshop = new Workshop(concurrency);
        let submitted = 0;
        for (const step of steps) {
          const { running } = workshop;
          const chosen = typeof step === 'number' ? running[step % Math.max(1, running.length)] : undefined;
          if (step === 'submit') workshop.pool.submit(submitted++);
          else if (chosen !== undefined) await workshop.finish(chosen);
          const unfinished = submitted - workshop.finished.length;
          expect(workshop.running).toHaveLength(Math.min(concurrency, unfinished));
          expect(workshop.pool.runningCount).toBe(workshop.running.length);
          expect(workshop.pool.waitingCount).toBe(unfinished - workshop.running.length);
        }
        expect(workshop.started).toEqual([...workshop.started.keys()]);
      }),
      { numRuns: 100 },
    );
  });

  it('takes no place for what has finished before execute returns', () => {
    const started: number[] = [];
    const pool = new TaskPool<number>(1, (item) => void started.push(item));
    for (const item of [1, 2, 3]) pool.submit(item);
    expect([started, pool.runningCount, pool.waitingCount]).toEqual([[1, 2, 3], 0, 0]);
  });

  it('stops by dropping what waits and resolving when what runs has finished', async () => {
    const workshop = new Workshop(1);
    for (const item of [1, 2, 3]) workshop.pool.submit(item);
    await workshop.finish(1);
    let dropped: readonly number[] | undefined;
    const stopped = workshop.pool.stop().then((items) => (dropped = items));
    workshop.pool.submit(4);
    await nextTurn();
    expect([dropped, workshop.pool.waitingCount]).toEqual([undefined, 0]);
    await workshop.finish(2);
    await stopped;
    expect([dropped, workshop.started]).toEqual([[3], [1, 2]]);
    expect(await workshop.pool.stop()).toEqual([]);
  });

  it('forgets what waits when it is told to, and keeps the order of the rest', async () => {
    const workshop = new Workshop(1);
    for (const item of [1, 2, 3, 4, 5]) workshop.pool.submit(item);
    await workshop.finish(1); // 2 is next
    workshop.pool.removeWhere((item) => item % 2 === 0);
    expect(workshop.pool.waitingCount).toBe(2);
    for (const item of [2, 3, 5]) await workshop.finish(item);
    expect(workshop.started).toEqual([1, 2, 3, 5]);
  });

  it('resolves every stop that is waited for', async () => {
    const workshop = new Workshop(1);
    workshop.pool.submit(1);
    const stops = [workshop.pool.stop(), workshop.pool.stop()];
    await workshop.finish(1);
    expect(await Promise.all(stops)).toEqual([[], []]);
  });

  it('does not keep what it has run, though the queue is never empty', async () => {
    setFlagsFromString('--expose_gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const finishers: (() => void)[] = [];
    const pool = new TaskPool<object>(1, () => new Promise((resolve) => finishers.push(resolve)));
    const items: WeakRef<object>[] = [];
    const submit = () => {
      const item = { payload: items.length };
      items.push(new WeakRef(item));
      pool.submit(item);
    };
    for (let count = 0; count < 8; count++) submit();
    for (let count = 0; count < 5000; count++) {
      submit();
      finishers.shift()?.();
      await Promise.resolve();
      await Promise.resolve();
    }
    expect(pool.waitingCount).toBeGreaterThan(0);
    await nextTurn();
    collectGarbage();
    const kept = items.filter((item) => item.deref() !== undefined).length;
    expect(kept).toBeLessThan(1200);
  });
});
