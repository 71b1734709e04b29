import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { Retry, type RetryOptions, type TaskExecutionOptions } from '@celeriac/task-registry';
import { retryOf } from './retry-of.ts';
import { optionedTask, receivedTask } from '../testing/received-task.ts';

const now = Date.parse('2026-11-22T10:00:00Z');

function thrownBy(
  options: RetryOptions,
  { retries = 0, ...task }: TaskExecutionOptions & { retries?: number } = {},
): unknown {
  const received = receivedTask(
    optionedTask(task, () => undefined),
    { retries, args: [1, 'a'], kwargs: { k: null } },
  );
  return retryOf(received, options, now);
}

describe('retryOf', () => {
  it.each<[string, RetryOptions, TaskExecutionOptions, number | undefined]>([
    ['the default delay', {}, {}, now + 180_000],
    ['the delay of its task', {}, { defaultRetryDelay: 2.5 }, now + 2500],
    ['a countdown', { countdown: 0.25 }, {}, now + 250],
    ['no time, with a countdown of 0', { countdown: 0 }, {}, undefined],
    ['no time, with a default delay of 0', {}, { defaultRetryDelay: 0 }, undefined],
    ['an eta', { eta: new Date(now + 5) }, {}, now + 5],
  ])('waits %s', (_what, options, task, eta) => {
    const thrown = thrownBy(options, task);
    expect(thrown).toBeInstanceOf(Retry);
    expect((thrown as Retry).eta?.getTime()).toBe(eta);
  });

  it('carries what is to change, and why', () => {
    const exc = new Error('down');
    const changes = { args: [2], kwargs: {}, queue: 'slow', priority: 9, expires: new Date(now) };
    expect(thrownBy({ countdown: 1, exc, ...changes })).toMatchObject({ exc, changes });
  });

  it.each<[string, RetryOptions, string]>([
    ['both times', { countdown: 1, eta: new Date(now) }, 'countdown 1 and eta must not both be given'],
    ['an eta that is no date', { eta: new Date(NaN) }, 'eta must be a valid Date'],
    ['a countdown below 0', { countdown: -1 }, 'got -1'],
    ['a countdown that is no number', { countdown: NaN }, 'got NaN'],
    ['an endless countdown', { countdown: Infinity }, 'got Infinity'],
  ])('refuses %s', (_what, options, message) => {
    expect(() => thrownBy(options)).toThrow(ImproperlyConfiguredError);
    expect(() => thrownBy(options)).toThrow(message);
  });

  it.each<[number, number | null | undefined, number | null | undefined, boolean]>([
    [2, undefined, undefined, true], // Celery's default of 3
    [3, undefined, undefined, false],
    [0, 0, undefined, false],
    [10_000, null, undefined, true],
    [4, 1, 5, true], // what the call says wins
    [5, 9, 5, false],
    [10_000, 1, null, true],
  ])(
    'tried %p times, the task allows %p, the call %p: is retried: %p',
    (retries, ofTask, ofCall, isRetried) => {
      const task = ofTask === undefined ? {} : { maxRetries: ofTask };
      const thrown = thrownBy(ofCall === undefined ? {} : { maxRetries: ofCall }, { retries, ...task });
      expect(thrown instanceof Retry).toBe(isRetried);
    },
  );

  it('throws the reason when it was tried often enough, or Celery’s own error', () => {
    const exc = new Error('down');
    expect(thrownBy({ exc, maxRetries: 0 })).toBe(exc);
    expect(thrownBy({ maxRetries: 0 })).toMatchObject({
      excType: 'MaxRetriesExceededError',
      excModule: 'celery.exceptions',
      excArgs: ["Can't retry work[an-id] args:(1, 'a') kwargs:{'k': None}"],
    });
  });
});
