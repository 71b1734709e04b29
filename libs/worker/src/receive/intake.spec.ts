import { RecordingLogger } from '@celeriac/testing';
import { FakeDelivery } from '../testing/fake-delivery.ts';
import { Intake } from './intake.ts';

/** A consumer that remembers what it was told; one queue of it cannot be paused. */
class FakeConsumer {
  readonly told: (string | number)[] = [];
  pause(): void {
    this.told.push('pause');
  }
  isPaused(queue: string): boolean {
    return queue !== 'kept';
  }
  resume(prefetchCount: number): void {
    this.told.push(prefetchCount);
  }
}

function openIntake(prefetchCount = 256) {
  const logger = new RecordingLogger();
  const intake = new Intake({ prefetchCount, logger });
  const consumer = new FakeConsumer();
  intake.open(consumer);
  return { intake, consumer, logger, told: consumer.told };
}

describe('Intake', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('takes deliveries until it is paused, and hands them back from then on', () => {
    const { intake, told } = openIntake();
    expect(intake.handsBack(new FakeDelivery())).toBe(false);
    intake.pause('waiting', {});
    const delivery = new FakeDelivery();
    expect(intake.handsBack(delivery)).toBe(true);
    expect([delivery.settlement, told]).toEqual(['requeue', ['pause']]);
  });

  it('hands nothing back of a queue that is consumed on: the broker would deliver it here again', () => {
    const { intake } = openIntake();
    intake.pause('waiting', {});
    const delivery = Object.assign(new FakeDelivery(), { queue: 'kept' });
    expect([intake.handsBack(delivery), delivery.settlement]).toEqual([false, undefined]);
  });

  it('is paused for as long as there is a reason, and says so once', () => {
    const { intake, told, logger } = openIntake();
    for (const reason of ['waiting', 'memory', 'waiting'] as const) intake.pause(reason, {});
    for (let count = 0; count < 3; count++) intake.handsBack(new FakeDelivery());
    intake.resume('waiting');
    expect([intake.isPaused, told]).toEqual([true, ['pause']]);
    intake.resume('memory');
    intake.resume('memory');
    expect([intake.isPaused, told]).toEqual([false, ['pause', 256]]);
    expect(logger.lines).toMatchObject([
      { level: 'warn', fields: { why: 'waiting' } },
      { level: 'info', fields: { handedBack: 3, prefetchCount: 256 } },
    ]);
  });

  it.each([
    [256, 8],
    [0, 8],
  ])('consumes with fewer than %i at a time for a minute, when no more fit', (prefetchCount, fitting) => {
    const { intake, told } = openIntake(prefetchCount);
    intake.pause('waiting', {});
    intake.resume('waiting', fitting);
    jest.advanceTimersByTime(59_999);
    expect(told).toEqual(['pause', fitting]);
    jest.advanceTimersByTime(1);
    expect(told).toEqual(['pause', fitting, 'pause', prefetchCount]);
  });

  it('keeps the lower count over a second pause, and takes at least one at a time', () => {
    const { intake, told } = openIntake();
    intake.pause('waiting', {});
    intake.resume('waiting', 0);
    intake.pause('memory', {});
    jest.advanceTimersByTime(60_000);
    intake.resume('memory');
    expect(told).toEqual(['pause', 1, 'pause', 1]);
  });

  it('pauses a consumer that is opened meanwhile, and leaves one alone after it was closed', () => {
    const intake = new Intake({ prefetchCount: 4, logger: new RecordingLogger() });
    intake.pause('memory', {});
    const consumer = new FakeConsumer();
    intake.open(consumer);
    intake.close();
    intake.resume('memory');
    expect(consumer.told).toEqual(['pause']);
  });
});
