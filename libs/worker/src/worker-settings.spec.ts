import { ImproperlyConfiguredError, memoryLimitBytes } from '@celeriac/primitives';
import { defaultMaxBodyBytes, defaultMaxBodyValues } from '@celeriac/protocol';
import { availableParallelism } from 'node:os';
import {
  defaultWorkerSettings,
  etaTaskLimit,
  prefetchCount,
  resolveWorkerSettings,
} from './worker-settings.ts';

describe('resolveWorkerSettings', () => {
  it('fills in the defaults, late acknowledgement among them', () => {
    const derived = {
      workerConcurrency: 64,
      maxBodyBytes: defaultMaxBodyBytes,
      maxBodyValues: defaultMaxBodyValues,
      maxWaitingBytes: Math.floor(memoryLimitBytes() / 8),
      maxFollowUpBytes: Math.min(Math.floor(memoryLimitBytes() / 4), 268_435_456),
    };
    expect(resolveWorkerSettings()).toEqual({ ...defaultWorkerSettings, ...derived });
    expect(resolveWorkerSettings({ workerConcurrency: 2, taskAcksLate: false })).toEqual({
      ...defaultWorkerSettings,
      ...derived,
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
    ['accept_content', { acceptContent: ['pickle'] }, 'must not be pickle'],
  ])('refuses a wrong %s: %j', (setting, given, complaint) => {
    const resolve = () => resolveWorkerSettings(given);
    expect(resolve).toThrow(ImproperlyConfiguredError);
    expect(resolve).toThrow(setting);
    expect(resolve).toThrow(complaint);
  });
});

describe('the concurrency', () => {
  it.each([
    ['eventloop', 64],
    ['solo', 1],
    ['threads', availableParallelism()],
    ['processes', availableParallelism()],
  ] as const)('of the pool %s is %i when nothing is said', (workerPool, expected) => {
    expect(resolveWorkerSettings({ workerPool }).workerConcurrency).toBe(expected);
  });

  it('of the pool solo is nothing else', () => {
    expect(() => resolveWorkerSettings({ workerPool: 'solo', workerConcurrency: 2 })).toThrow(
      'worker_concurrency must be 1 with worker_pool solo, got 2',
    );
  });
});

describe('etaTaskLimit', () => {
  it.each([
    ['half the prefetch count by default', {}, 128],
    ['what is set', { workerEtaTaskLimit: 10 }, 10],
    ['no more than half the prefetch count', { workerEtaTaskLimit: 1000 }, 128],
    ['nothing where one message is prefetched', { workerConcurrency: 1, workerPrefetchMultiplier: 1 }, 0],
    [
      'what is set where the prefetch count has no limit',
      { workerPrefetchMultiplier: 0, workerEtaTaskLimit: 7 },
      7,
    ],
  ])('is %s', (_what, given, expected) => {
    expect(etaTaskLimit(resolveWorkerSettings(given))).toBe(expected);
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
