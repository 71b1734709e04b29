import { systemClock } from '@celeriac/primitives';
import fc from 'fast-check';
import { RateLimitedTasks } from './rate-limited-tasks.ts';

interface Item {
  readonly id: string;
}

const start = Date.parse('2026-11-22T10:00:00Z');

function itemsOf(...ids: string[]): Item[] {
  return ids.map((id) => ({ id }));
}

describe('RateLimitedTasks', () => {
  /** `<ms since the start> <id>` */
  const released: string[] = [];
  let tasks: RateLimitedTasks<Item>;

  beforeEach(() => {
    jest.useFakeTimers({ now: start });
    released.length = 0;
    tasks = new RateLimitedTasks(systemClock, ({ id }) => released.push(`${Date.now() - start} ${id}`));
  });

  afterEach(() => {
    tasks.clear();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  function submit(name: string, ...ids: string[]): void {
    for (const item of itemsOf(...ids)) tasks.submit(name, item);
  }

  it('lets a task without a rate start at once', () => {
    submit('add', 'a', 'b', 'c');

    expect(released).toEqual(['0 a', '0 b', '0 c']);
    expect([tasks.size, tasks.expectedWaitMs('add')]).toEqual([0, 0]);
  });

  it('starts the first at once and the others in order, an interval apart', () => {
    tasks.setRate('add', 10);

    submit('add', 'a', 'b', 'c');
    expect(released).toEqual(['0 a']);
    expect([tasks.size, jest.getTimerCount()]).toEqual([2, 1]);
    jest.advanceTimersByTime(1000);

    expect(released).toEqual(['0 a', '100 b', '200 c']);
    expect([tasks.size, jest.getTimerCount()]).toEqual([0, 0]);
  });

  it('starts one, not two, after a pause', () => {
    tasks.setRate('add', 1);
    submit('add', 'a');
    jest.advanceTimersByTime(60_000);

    submit('add', 'b', 'c');
    expect(released).toEqual(['0 a', '60000 b']);
    jest.advanceTimersByTime(1000);

    expect(released).toEqual(['0 a', '60000 b', '61000 c']);
  });

  it('does not let one that comes later overtake those that are held', () => {
    tasks.setRate('add', 10);
    submit('add', 'a', 'b');
    jest.advanceTimersByTime(50);
    submit('add', 'c');
    jest.advanceTimersByTime(500);

    expect(released).toEqual(['0 a', '100 b', '200 c']);
  });

  it('limits each task by itself, with one timer for all', () => {
    tasks.setRate('fast', 10);
    tasks.setRate('slow', 1);
    submit('fast', 'f1', 'f2', 'f3');
    submit('slow', 's1', 's2');

    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(2000);

    expect(released).toEqual(['0 f1', '0 s1', '100 f2', '200 f3', '1000 s2']);
  });

  it('catches nothing up when the timer comes late', () => {
    tasks.setRate('add', 10);
    submit('add', 'a', 'b', 'c', 'd');
    jest.setSystemTime(start + 1000); // the event loop was busy
    jest.advanceTimersByTime(100);
    expect(released).toEqual(['0 a', '1100 b']);
    jest.advanceTimersByTime(100);

    expect(released).toEqual(['0 a', '1100 b', '1200 c']);
  });

  it('waits no longer than an interval when the clock is set back', () => {
    tasks.setRate('add', 1);
    submit('add', 'a', 'b');
    jest.setSystemTime(start - 3_600_000);
    jest.advanceTimersByTime(2000);

    expect(released.map((line) => line.split(' ')[1])).toEqual(['a', 'b']);
  });

  it('waits longer than setTimeout can', () => {
    const dayMs = 86_400_000;
    tasks.setRate('yearly', 1 / (365 * 86_400));
    submit('yearly', 'a', 'b');
    jest.advanceTimersByTime(364 * dayMs);
    expect(tasks.size).toBe(1);
    jest.advanceTimersByTime(2 * dayMs);

    expect(released.at(-1)).toBe(`${365 * dayMs} b`);
  });

  it('says how long one more would wait', () => {
    tasks.setRate('add', 10);
    expect(tasks.expectedWaitMs('add')).toBe(0);
    submit('add', 'a');
    expect(tasks.expectedWaitMs('add')).toBe(100);
    jest.advanceTimersByTime(40);
    submit('add', 'b', 'c');

    expect(tasks.expectedWaitMs('add')).toBe(260);
    jest.advanceTimersByTime(10_000);
    expect(tasks.expectedWaitMs('add')).toBe(0);
  });

  describe('setRate', () => {
    it('holds those that wait to the new rate, from the last start on', () => {
      tasks.setRate('add', 1);
      submit('add', 'a', 'b', 'c');
      jest.advanceTimersByTime(500);
      tasks.setRate('add', 1.25); // every 800 ms
      jest.advanceTimersByTime(5000);
      expect(released).toEqual(['0 a', '800 b', '1600 c']);
    });

    it('starts one that waits at once when it would have started by now', () => {
      tasks.setRate('add', 1 / 3600);
      submit('add', 'a', 'b', 'c');
      jest.advanceTimersByTime(5000);
      tasks.setRate('add', 1);
      jest.advanceTimersByTime(1000);
      expect(released).toEqual(['0 a', '5000 b', '6000 c']);
    });

    it('releases all that wait when the limit goes', () => {
      tasks.setRate('add', 1);
      submit('add', 'a', 'b', 'c');
      tasks.setRate('add', undefined);
      expect(released).toEqual(['0 a', '0 b', '0 c']);
      expect([tasks.size, jest.getTimerCount()]).toEqual([0, 0]);
      submit('add', 'd');
      expect(released.at(-1)).toBe('0 d');
    });

    it('has nothing to say of a task that has no limit', () => {
      tasks.setRate('add', undefined);
      expect(tasks.size).toBe(0);
    });
  });

  describe('removeWhere', () => {
    it('gives the turn of a forgotten one to the next', () => {
      tasks.setRate('add', 10);
      submit('add', 'a', 'lost', 'c');
      tasks.removeWhere(({ id }) => id === 'lost');
      expect(tasks.size).toBe(1);
      jest.advanceTimersByTime(1000);
      expect(released).toEqual(['0 a', '100 c']);
    });

    it('leaves no timer when nothing waits any more', () => {
      tasks.setRate('add', 10);
      submit('add', 'a', 'b');
      tasks.removeWhere(() => true);
      expect([tasks.size, jest.getTimerCount()]).toEqual([0, 0]);
    });
  });

  describe('clear', () => {
    it('gives what was held, in order, and keeps the rates', () => {
      tasks.setRate('add', 1);
      tasks.setRate('sub', 1);
      submit('add', 'a1', 'a2', 'a3');
      submit('sub', 's1', 's2');
      expect(tasks.clear().map(({ id }) => id)).toEqual(['a2', 'a3', 's2']);
      expect([tasks.size, jest.getTimerCount()]).toEqual([0, 0]);
      expect(tasks.expectedWaitMs('add')).toBe(1000);
    });
  });

  it('may be given more by what it releases', () => {
    const order: string[] = [];
    const nested = new RateLimitedTasks<Item>(systemClock, ({ id }) => {
      order.push(`${Date.now() - start} ${id}`);
      if (order.length < 4) nested.submit('add', { id: `${id}'` });
    });
    nested.setRate('add', 10);
    nested.submit('add', { id: 'a' });
    jest.advanceTimersByTime(1000);

    expect(order).toEqual(['0 a', "100 a'", "200 a''", "300 a'''"]);
  });

  it('never lets more than rate · t + 1 start in any time t, and each in its order', () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat(400), count: fc.nat(4) }), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(steps, fc.double({ min: 0.5, max: 200, noNaN: true }), (given, rate) => {
        const starts: { readonly at: number; readonly n: number }[] = [];
        const limited = new RateLimitedTasks<{ readonly n: number }>(systemClock, ({ n }) =>
          starts.push({ at: Date.now(), n }),
        );
        limited.setRate('add', rate);
        let n = 0;
        for (const { waitMs, count } of given) {
          jest.advanceTimersByTime(waitMs);
          for (let i = 0; i < count; i++) limited.submit('add', { n: n++ });
        }
        jest.advanceTimersByTime(Math.ceil(n * (1000 / rate + 1)));
        limited.clear();
        expect(starts.map((one) => one.n)).toEqual(Array.from({ length: n }, (_, index) => index));
        for (let i = 0; i < starts.length; i++) {
          for (let j = i; j < starts.length; j++) {
            const seconds = ((starts[j]?.at ?? NaN) - (starts[i]?.at ?? NaN)) / 1000;
            expect(j - i + 1).toBeLessThanOrEqual(rate * seconds + 1 + 1e-9);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
