import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { defaultWorkerSettings, prefetchCount, resolveWorkerSettings } from './worker-settings.ts';

describe('resolveWorkerSettings', () => {
  it('fills in the defaults, late acknowledgement among them', () => {
    expect(resolveWorkerSettings()).toEqual(defaultWorkerSettings);
    expect(resolveWorkerSettings({ workerConcurrency: 2, taskAcksLate: false })).toEqual({
      ...defaultWorkerSettings,
      workerConcurrency: 2,
      taskAcksLate: false,
    });
    expect(defaultWorkerSettings).toMatchObject({ taskAcksLate: true, taskAcksOnFailureOrTimeout: true });
  });

  it.each([
    ['worker_concurrency', { workerConcurrency: 0 }, 'at least 1, got 0'],
    ['worker_concurrency', { workerConcurrency: 1.5 }, 'got 1.5'],
    ['worker_concurrency', { workerConcurrency: NaN }, 'got NaN'],
    ['worker_prefetch_multiplier', { workerPrefetchMultiplier: -1 }, 'at least 0, got -1'],
    ['worker_prefetch_multiplier', { workerPrefetchMultiplier: Infinity }, 'got Infinity'],
    ['accept_content', { acceptContent: ['json', 'jsno'] }, 'got "jsno"'],
    ['accept_content', { acceptContent: ['pickle'] }, 'must not hold pickle'],
  ])('refuses a wrong %s: %j', (setting, given, complaint) => {
    const resolve = () => resolveWorkerSettings(given);
    expect(resolve).toThrow(ImproperlyConfiguredError);
    expect(resolve).toThrow(setting);
    expect(resolve).toThrow(complaint);
  });
});

describe('prefetchCount', () => {
  it.each([
    [64, 4, 256],
    [1, 1, 1],
    [8, 0, 0],
    [65_535, 1, 65_535],
    [16_384, 4, 0], // does not fit the 16 bits of basic.qos
  ])('is, for a concurrency of %i and a multiplier of %i, %i', (workerConcurrency, multiplier, expected) => {
    const settings = resolveWorkerSettings({ workerConcurrency, workerPrefetchMultiplier: multiplier });
    expect(prefetchCount(settings)).toBe(expected);
  });
});
