import { SharedWork } from './shared-work.ts';

const late = (): Error => new Error('late');

/** Work whose ends a spec decides. */
function scriptedWork() {
  const runs: { readonly isWanted: () => boolean; resolve(): void; reject(error: unknown): void }[] = [];
  const work = new SharedWork(
    (isWanted) =>
      new Promise((resolve, reject) => {
        runs.push({ isWanted, resolve, reject });
      }),
  );
  return { work, runs };
}

describe('SharedWork', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('runs once for all who wait at the same time, and anew for those who come later', async () => {
    const { work, runs } = scriptedWork();
    const first = [work.wait(1000, late), work.wait(Infinity, late)];
    expect(runs).toHaveLength(1);
    runs[0]?.resolve();
    await Promise.all(first);
    const second = work.wait(1000, late);
    expect(runs).toHaveLength(2);
    runs[1]?.resolve();
    await second;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('fails for all who wait, as an error', async () => {
    const { work, runs } = scriptedWork();
    const waits = [work.wait(1000, late), work.wait(Infinity, late)];
    runs[0]?.reject('no error');
    expect(await Promise.allSettled(waits)).toEqual([
      { status: 'rejected', reason: new Error('no error') },
      { status: 'rejected', reason: new Error('no error') },
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('lets each give up at its own time, and knows when nobody is left', async () => {
    const { work, runs } = scriptedWork();
    const short = work.wait(1000, late);
    const long = work.wait(2000, late);
    jest.advanceTimersByTime(1000);
    await expect(short).rejects.toThrow('late');
    expect(runs[0]?.isWanted()).toBe(true);
    jest.advanceTimersByTime(1000);
    await expect(long).rejects.toThrow('late');
    expect(runs[0]?.isWanted()).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('takes those who come while it still runs for others who have given up', async () => {
    const { work, runs } = scriptedWork();
    const early = work.wait(1, late);
    jest.advanceTimersByTime(1);
    await expect(early).rejects.toThrow('late');
    const next = work.wait(1000, late);
    expect(runs).toHaveLength(1);
    expect(runs[0]?.isWanted()).toBe(true);
    runs[0]?.resolve();
    await expect(next).resolves.toBeUndefined();
  });

  it('fails all at once when told to, whatever the work does then', async () => {
    const { work, runs } = scriptedWork();
    const waits = [work.wait(1000, late), work.wait(Infinity, late)];
    work.fail(new Error('closed'));
    for (const wait of waits) await expect(wait).rejects.toThrow('closed');
    expect(runs[0]?.isWanted()).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
    runs[0]?.reject(new Error('nobody hears it'));
  });
});
