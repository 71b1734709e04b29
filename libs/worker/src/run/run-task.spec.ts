import { silentLogger } from '@celeriac/primitives';
import { PythonError } from '@celeriac/protocol';
import {
  defaultRetryPolicy,
  Ignore,
  Reject,
  Retry,
  type TaskExecutionOptions,
} from '@celeriac/task-registry';
import { backoffCountdown, runTask } from './run-task.ts';
import { RunContext, type RunHost } from './run-context.ts';
import { optionedTask, receivedTask } from '../testing/received-task.ts';

class FetchError extends Error {}
class TimeoutError extends FetchError {}

const now = Date.parse('2026-11-22T10:00:00Z');

const host: RunHost = {
  nodeName: 'w1@host',
  logger: silentLogger,
  signal: new AbortController().signal,
  updateState: () => undefined,
};

/** What became of a task that throws, in its given run. */
async function outcomeOf(thrown: unknown, options: TaskExecutionOptions, retries = 0): Promise<unknown> {
  const task = optionedTask(options, () => {
    throw thrown;
  });
  const received = receivedTask(task, { retries });
  try {
    return await runTask(received, () => new RunContext(received, host));
  } catch (error) {
    return error;
  }
}

async function retryOf(thrown: unknown, options: TaskExecutionOptions, retries = 0): Promise<Retry> {
  const outcome = await outcomeOf(thrown, options, retries);
  if (outcome instanceof Retry) return outcome;
  throw new Error(`no retry but ${String(outcome)}`);
}

describe('backoffCountdown', () => {
  // Celery 5.7.0, celery/utils/time.py: min(maximum, factor * 2 ** retries); with jitter random.randrange(countdown + 1)
  it.each<[boolean | number, number, number, number | undefined]>([
    [false, 600, 0, undefined],
    [0, 600, 3, undefined],
    [true, 600, 0, 1],
    [true, 600, 1, 2],
    [true, 600, 9, 512],
    [true, 600, 10, 600],
    [true, 600, 2000, 600],
    [5, 600, 0, 5],
    [5, 600, 3, 40],
    [5, 30, 3, 30],
    [2.9, 600, 2, 8],
    [0.5, 600, 2, 4],
    [true, 0, 4, 0],
  ])(
    'retryBackoff %s, retryBackoffMax %d, retry %d: %p s',
    (retryBackoff, retryBackoffMax, retries, expected) => {
      const policy = { ...defaultRetryPolicy, retryBackoff, retryBackoffMax, retryJitter: false };
      expect(backoffCountdown(policy, retries)).toBe(expected);
    },
  );

  it.each([
    [0, 0],
    [0.5, 4],
    [0.999_999, 8],
  ])('with jitter %d is a whole number of seconds from 0 to all of it: %d', (random, expected) => {
    const policy = { ...defaultRetryPolicy, retryBackoff: true };
    expect(backoffCountdown(policy, 3, () => random)).toBe(expected);
  });
});

describe('runTask', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('gives what the function gives, without a promise where there is none', () => {
    const received = receivedTask(optionedTask({}, () => 5));
    expect(runTask(received, () => new RunContext(received, host))).toBe(5);
  });

  it('retries for an error that autoretryFor names, with the error as the reason', async () => {
    const error = new TimeoutError('slow');
    const retry = await retryOf(
      error,
      { autoretryFor: [FetchError], retryBackoff: true, retryJitter: false },
      2,
    );
    expect([retry.exc, retry.eta?.getTime()]).toEqual([error, now + 4000]);
  });

  it.each<[string, TaskExecutionOptions, number]>([
    ['the countdown of retryKwargs', { retryKwargs: { countdown: 7 } }, 7000],
    [
      'the backoff rather than that',
      { retryKwargs: { countdown: 7 }, retryBackoff: 2, retryJitter: false },
      2000,
    ],
    ['the default delay', {}, 180_000],
    ['a default delay of its own', { defaultRetryDelay: 30 }, 30_000],
  ])('waits %s', async (_what, options, waitMs) => {
    const retry = await retryOf(new FetchError('down'), { autoretryFor: [FetchError], ...options });
    expect(retry.eta?.getTime()).toBe(now + waitMs);
  });

  it.each<[string, unknown, TaskExecutionOptions]>([
    ['that is not named', new RangeError('no'), { autoretryFor: [FetchError] }],
    [
      'that dontAutoretryFor names',
      new TimeoutError('no'),
      { autoretryFor: [FetchError], dontAutoretryFor: [TimeoutError] },
    ],
    ['that is an Ignore', new Ignore(), { autoretryFor: [Error] }],
    ['that is a Reject', new Reject('no'), { autoretryFor: [Error] }],
    ['that is a Retry of its own', new Retry(undefined), { autoretryFor: [Error] }],
  ])('lets an error through %s', async (_what, thrown, options) => {
    expect(await outcomeOf(thrown, options)).toBe(thrown);
  });

  it.each<[TaskExecutionOptions, number, boolean]>([
    [{}, 2, true],
    [{}, 3, false],
    [{ maxRetries: 1 }, 0, true],
    [{ maxRetries: 1 }, 1, false],
    [{ maxRetries: 0 }, 0, false],
    [{ maxRetries: null }, 1000, true],
    [{ maxRetries: 1, retryKwargs: { maxRetries: 5 } }, 4, true],
    [{ maxRetries: 9, retryKwargs: { maxRetries: 5 } }, 5, false],
    [{ maxRetries: 9, retryKwargs: { maxRetries: null } }, 50, true],
  ])('%j, tried %d times before: is retried: %s', async (options, retries, isRetried) => {
    const error = new PythonError('OSError', ['down']);
    const outcome = await outcomeOf(error, { autoretryFor: [PythonError], ...options }, retries);
    if (isRetried) expect(outcome).toBeInstanceOf(Retry);
    else expect(outcome).toBe(error);
  });
});
