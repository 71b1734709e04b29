import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { checkApplyOptions, resolveTimes, type ApplyOptions } from './apply-options.ts';

const now = Date.parse('2026-11-22T10:24:12.805Z');
const later = new Date('2030-01-02T03:04:05.678Z');

describe('resolveTimes', () => {
  it.each<[ApplyOptions, { eta?: Date; expires?: Date }]>([
    [{}, {}],
    [{ countdown: 10 }, { eta: new Date(now + 10_000) }],
    [{ countdown: 1.5 }, { eta: new Date(now + 1500) }],
    [{ countdown: 0 }, {}],
    [{ eta: later }, { eta: later }],
    [{ expires: 120 }, { expires: new Date(now + 120_000) }],
    [{ expires: -5 }, { expires: new Date(now - 5000) }],
    [{ expires: 0 }, { expires: new Date(now) }],
    [
      { expires: later, countdown: 1 },
      { expires: later, eta: new Date(now + 1000) },
    ],
  ])('makes instants of %p', (options, { eta, expires }) => {
    expect(resolveTimes(options, now)).toEqual({ eta, expires, timeLimits: {} });
  });

  it.each<[ApplyOptions, { hardMs?: number; softMs?: number }]>([
    [
      { timeLimit: 30, softTimeLimit: 20 },
      { hardMs: 30_000, softMs: 20_000 },
    ],
    [{ timeLimit: 0.5 }, { hardMs: 500 }],
    [{ softTimeLimit: 0 }, { softMs: 0 }],
  ])('makes milliseconds of the limits %p', (options, timeLimits) => {
    expect(resolveTimes(options, now).timeLimits).toEqual(timeLimits);
  });

  it.each<[string, ApplyOptions, string]>([
    ['countdown', { countdown: 1, eta: later }, 'not given together with eta, got 1'],
    ['countdown', { countdown: -1 }, 'a number of seconds, 0 or more, got -1'],
    ['countdown', { countdown: NaN }, 'a number of seconds, 0 or more, got NaN'],
    ['countdown', { countdown: Infinity }, 'a number of seconds, 0 or more, got Infinity'],
    ['countdown', { countdown: 1e12 }, 'ends in the years 1 to 9999, got 1000000000000'],
    ['countdown', { countdown: 1e300 }, 'ends in the years 1 to 9999, got 1e+300'],
    ['eta', { eta: new Date(NaN) }, 'a valid Date in the years 1 to 9999, got Invalid Date'],
    ['eta', { eta: new Date('+010000-01-01T00:00:00Z') }, 'a valid Date in the years 1 to 9999, got '],
    ['eta', { eta: '2030-01-01T00:00:00Z' as unknown as Date }, 'got 2030-01-01T00:00:00Z'],
    ['expires', { expires: NaN }, 'ends in the years 1 to 9999, got NaN'],
    ['expires', { expires: -1e12 }, 'ends in the years 1 to 9999, got -1000000000000'],
    ['expires', { expires: new Date(NaN) }, 'a valid Date in the years 1 to 9999, got Invalid Date'],
    ['expires', { expires: '60' as unknown as number }, 'got 60'],
    ['timeLimit', { timeLimit: -1 }, 'a number of seconds, 0 or more, got -1'],
    ['timeLimit', { timeLimit: Infinity }, 'a number of seconds, 0 or more, got Infinity'],
    ['softTimeLimit', { softTimeLimit: NaN }, 'a number of seconds, 0 or more, got NaN'],
  ])('names %s in %p', (option, options, text) => {
    const resolve = (): unknown => resolveTimes(options, now);
    expect(resolve).toThrow(ImproperlyConfiguredError);
    expect(resolve).toThrow(`ApplyOptions.${option} must be `);
    expect(resolve).toThrow(text);
  });
});

describe('checkApplyOptions', () => {
  it.each<ApplyOptions>([
    {},
    { priority: 0, taskId: 'a', queue: 'q' },
    { priority: 255, taskId: 'x'.repeat(255), queue: 'é'.repeat(127) },
    { queue: { name: 'q', maxPriority: 10 }, exchange: '', routingKey: '' },
  ])('takes %p', (options) => {
    expect(() => {
      checkApplyOptions(options);
    }).not.toThrow();
  });

  it.each<[string, ApplyOptions, string]>([
    ['priority', { priority: 256 }, 'an integer from 0 to 255, got 256'],
    ['priority', { priority: -1 }, 'an integer from 0 to 255, got -1'],
    ['priority', { priority: 1.5 }, 'an integer from 0 to 255, got 1.5'],
    ['taskId', { taskId: '' }, 'a name of 1 to 255 bytes, got ""'],
    ['taskId', { taskId: 'x'.repeat(256) }, 'a name of 1 to 255 bytes, got 256 bytes: xxx'],
    ['queue', { queue: '' }, 'a name of 1 to 255 bytes, got ""'],
    ['exchange', { exchange: 'x'.repeat(256) }, 'a name of 1 to 255 bytes, got 256 bytes: xxx'],
    ['routingKey', { routingKey: 'x'.repeat(256) }, 'a name of 1 to 255 bytes, got 256 bytes: xxx'],
    ['queue', { queue: 'é'.repeat(128) }, 'a name of 1 to 255 bytes, got 256 bytes: éé'],
  ])('names %s in %p', (option, options, text) => {
    expect(() => {
      checkApplyOptions(options);
    }).toThrow(new ImproperlyConfiguredError(`ApplyOptions.${option} must be ${text}`).message);
  });
});
