import { TaskPool } from './task-pool.ts';

describe('TaskPool.submitAlone', () => {
  let started: string[];
  let ends: Map<string, () => void>;
  let pool: TaskPool<string>;

  beforeEach(() => {
    jest.useFakeTimers();
    started = [];
    ends = new Map();
    pool = new TaskPool(2, (item) => {
      started.push(item);
      if (item.startsWith('instant')) return undefined;
      return new Promise((resolve) => ends.set(item, resolve));
    });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  async function end(item: string): Promise<void> {
    ends.get(item)?.();
    await jest.advanceTimersByTimeAsync(0);
  }

  it('starts at once when nothing runs, and holds the others until it has ended', async () => {
    pool.submitAlone('alone');
    pool.submit('other');
    expect([started, pool.runningCount, pool.waitingCount]).toEqual([['alone'], 1, 1]);
    await end('alone');
    expect(started).toEqual(['alone', 'other']);
  });

  it('waits for what runs, while nothing else starts', async () => {
    for (const item of ['a', 'b', 'c']) pool.submit(item);
    pool.submitAlone('alone');
    await end('a');
    pool.submit('d');
    expect(started).toEqual(['a', 'b']);
    await end('b');
    expect(started).toEqual(['a', 'b', 'alone']);
    await end('alone');
    expect(started).toEqual(['a', 'b', 'alone', 'c', 'd']);
  });

  it('waits 10 s for what runs, and no longer', async () => {
    pool.submit('long');
    pool.submitAlone('alone');
    await jest.advanceTimersByTimeAsync(9999);
    expect(started).toEqual(['long']);
    await jest.advanceTimersByTimeAsync(1);
    expect(started).toEqual(['long', 'alone']);
  });

  it('lets the others start after 30 s of a long run', async () => {
    pool.submitAlone('alone');
    pool.submit('other');
    await jest.advanceTimersByTimeAsync(29_999);
    expect(started).toEqual(['alone']);
    await jest.advanceTimersByTimeAsync(1);
    expect(started).toEqual(['alone', 'other']);
  });

  it('never runs two of them at a time', async () => {
    pool.submitAlone('first');
    pool.submitAlone('second');
    await jest.advanceTimersByTimeAsync(120_000);
    expect(started).toEqual(['first']);
    await end('first');
    expect(started).toEqual(['first', 'second']);
    await end('second');
    pool.submit('other');
    expect(started).toEqual(['first', 'second', 'other']);
  });

  it('goes on after one that has ended in the turn in which it started', () => {
    pool.submitAlone('instant');
    pool.submitAlone('instant too');
    pool.submit('other');
    expect(started).toEqual(['instant', 'instant too', 'other']);
  });

  it('lets the others start when the one that waited is removed', async () => {
    pool.submit('a');
    pool.submitAlone('lost');
    pool.submit('b');
    pool.removeWhere((item) => item === 'lost');
    expect(started).toEqual(['a', 'b']);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(started).toEqual(['a', 'b']);
  });

  it('gives up what waits when it stops, and starts nothing later', async () => {
    pool.submit('a');
    pool.submitAlone('alone');
    pool.submit('b');
    const stopping = pool.stop();
    await end('a');
    expect(await stopping).toEqual(['b', 'alone']);
    pool.submitAlone('late');
    await jest.advanceTimersByTimeAsync(60_000);
    expect([started, pool.runningCount]).toEqual([['a'], 0]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
