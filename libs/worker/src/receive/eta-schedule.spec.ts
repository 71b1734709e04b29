import { systemClock } from '@celeriac/primitives';
import fc from 'fast-check';
import { EtaSchedule } from './eta-schedule.ts';
import type { ReceivedTask } from './received-task.ts';
import { deliveryOfCall, receivedTask, registeredTask } from '../testing/received-task.ts';

const start = Date.parse('2026-11-22T10:00:00Z');
const dayMs = 86_400_000;
const task = registeredTask(() => undefined);

function received(id: string) {
  return receivedTask(task, { id });
}

describe('EtaSchedule', () => {
  const due: string[] = [];
  let schedule: EtaSchedule;

  beforeEach(() => {
    jest.useFakeTimers({ now: start });
    due.length = 0;
    schedule = new EtaSchedule(systemClock, ({ opened }: ReceivedTask) => due.push(opened.id));
  });

  afterEach(() => {
    schedule.clear();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('gives each task at its time, not before, with one timer for all', () => {
    schedule.hold(received('second'), start + 2000);
    schedule.hold(received('third'), start + 3000);
    schedule.hold(received('first'), start + 1000);
    expect([schedule.size, jest.getTimerCount()]).toEqual([3, 1]);
    jest.advanceTimersByTime(999);
    expect(due).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(due).toEqual(['first']);
    jest.advanceTimersByTime(2000);
    expect(due).toEqual(['first', 'second', 'third']);
    expect([schedule.size, jest.getTimerCount()]).toEqual([0, 0]);
  });

  it('gives a task whose time has passed in the next turn', () => {
    schedule.hold(received('late'), start - 1);
    expect(due).toEqual([]);
    jest.advanceTimersByTime(0);
    expect(due).toEqual(['late']);
  });

  it('gives up the one with the latest eta, whatever the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 40 }), fc.nat(40), (dues, taken) => {
        const tried = new EtaSchedule(systemClock, ({ opened }: ReceivedTask) => due.push(opened.id));
        due.length = 0;
        for (const each of dues) tried.hold(received(String(each)), start + each);
        const sorted = dues.map(String).sort((a, b) => Number(a) - Number(b));
        const latest = Array.from({ length: Math.min(taken, dues.length) }, () => {
          const { latestDueMs } = tried;
          const id = tried.takeLatest()?.opened.id;
          expect(latestDueMs).toBe(start + Number(id));
          return id;
        });
        expect(latest).toEqual(sorted.slice(dues.length - latest.length).reverse());
        jest.advanceTimersByTime(50);
        expect([due, tried.size]).toEqual([sorted.slice(0, dues.length - latest.length), 0]);
        expect([tried.latestDueMs, tried.takeLatest()]).toEqual([undefined, undefined]);
        jest.setSystemTime(start);
      }),
    );
  });

  it('waits longer than setTimeout can', () => {
    schedule.hold(received('next year'), start + 365 * dayMs);
    jest.advanceTimersByTime(364 * dayMs);
    expect(due).toEqual([]);
    jest.advanceTimersByTime(dayMs);
    expect(due).toEqual(['next year']);
  });

  it('goes by the clock, not by the timer, when the clock is set back', () => {
    schedule.hold(received('soon'), start + 1000);
    jest.setSystemTime(start - 5000);
    jest.advanceTimersByTime(1000);
    expect(due).toEqual([]);
    jest.advanceTimersByTime(5000);
    expect(due).toEqual(['soon']);
  });

  it('does not give a task whose delivery was lost: the broker delivers it again', () => {
    const lost = received('lost');
    schedule.hold(lost, start + 1000);
    schedule.hold(received('kept'), start + 1000);
    lost.delivery.isLost = true;
    jest.advanceTimersByTime(1000);
    expect(due).toEqual(['kept']);
  });

  it('does not pile up the lost ones of many reconnects', () => {
    const far = start + 30 * dayMs;
    const kept = received('kept');
    schedule.hold(kept, far);
    for (let reconnect = 0; reconnect < 10; reconnect++) {
      const batch = Array.from({ length: 512 }, (_, index) => received(`${reconnect}/${index}`));
      for (const one of batch) schedule.hold(one, far - reconnect);
      for (const one of batch) one.delivery.isLost = true;
    }
    expect(schedule.size).toBeLessThan(2048);
    jest.advanceTimersByTime(30 * dayMs);
    expect(due).toEqual(['kept']);
  });

  it('forgets all when it is cleared', () => {
    schedule.hold(received('never'), start + 1000);
    schedule.clear();
    expect([schedule.size, jest.getTimerCount()]).toEqual([0, 0]);
    jest.advanceTimersByTime(2000);
    expect(due).toEqual([]);
  });

  it('keeps the order of any times, also when some are given in between', () => {
    const delays = fc.array(fc.record({ delayMs: fc.nat(50), isLost: fc.boolean() }), { maxLength: 40 });
    const delivery = deliveryOfCall();
    fc.assert(
      fc.property(delays, delays, (before, after) => {
        jest.setSystemTime(start);
        const given: number[] = [];
        const held = new Map<ReceivedTask, number>();
        const mine = new EtaSchedule(systemClock, (one) => given.push(held.get(one) ?? NaN));
        const hold = ({ delayMs, isLost }: { delayMs: number; isLost: boolean }) => {
          const one = receivedTask(
            task,
            {},
            { delivery: Object.assign(Object.create(delivery) as typeof delivery, { isLost }) },
          );
          const dueMs = Date.now() + delayMs;
          held.set(one, dueMs);
          mine.hold(one, dueMs);
        };
        before.forEach(hold);
        jest.advanceTimersByTime(25);
        after.forEach(hold);
        expect(given.every((dueMs) => dueMs <= Date.now())).toBe(true);
        jest.advanceTimersByTime(50);
        const expected = [...held]
          .filter(
            ([
              {
                delivery: { isLost },
              },
            ]) => !isLost,
          )
          .map(([, dueMs]) => dueMs);
        expect(given).toEqual(expected.sort((a, b) => a - b));
        expect(mine.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
