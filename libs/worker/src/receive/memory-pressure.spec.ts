import { RecordingLogger } from '@celeriac/testing';
import { FakeDelivery } from '../testing/fake-delivery.ts';
import { Intake } from './intake.ts';
import { MemoryPressure } from './memory-pressure.ts';

describe('MemoryPressure', () => {
  let part = 0;
  let isIdle = false;
  let intake: Intake;
  let logger: RecordingLogger;
  let pressure: MemoryPressure;

  beforeEach(() => {
    jest.useFakeTimers();
    part = 0;
    isIdle = false;
    logger = new RecordingLogger();
    intake = new Intake({ prefetchCount: 4, logger });
    pressure = new MemoryPressure({ intake, isIdle: () => isIdle, measure: () => part });
    pressure.start();
  });

  afterEach(() => {
    pressure.stop();
    jest.useRealTimers();
  });

  it('pauses the intake above 85 % and lets it go on below 75 %', () => {
    const isPausedAt = (taken: number): boolean => {
      part = taken;
      jest.advanceTimersByTime(1000);
      return intake.isPaused;
    };
    expect([0.8, 0.86, 0.8, 0.76, 0.74].map(isPausedAt)).toEqual([false, true, true, true, false]);
    expect(logger.lines).toMatchObject([{ fields: { why: 'memory', takenPercent: 86 } }, { level: 'info' }]);
  });

  it('looks at once when a large message comes', () => {
    part = 0.9;
    pressure.delivered(new FakeDelivery({ body: Buffer.alloc(1000) }));
    expect(intake.isPaused).toBe(false);
    pressure.delivered(new FakeDelivery({ body: Buffer.alloc(256 * 1024) }));
    expect(intake.isPaused).toBe(true);
  });

  it('does not wait for what will not come: an idle worker takes messages, whatever it has taken', () => {
    part = 0.9;
    jest.advanceTimersByTime(1000);
    isIdle = true;
    jest.advanceTimersByTime(1000);
    expect(intake.isPaused).toBe(false);
    jest.advanceTimersByTime(1000);
    expect(intake.isPaused).toBe(false);
  });

  it('looks no more once it is stopped', () => {
    pressure.stop();
    part = 0.9;
    jest.advanceTimersByTime(5000);
    expect(intake.isPaused).toBe(false);
  });

  it('measures this process when it is given no other way', () => {
    const real = new MemoryPressure({ intake, isIdle: () => false });
    real.check();
    expect(intake.isPaused).toBe(false);
  });
});
