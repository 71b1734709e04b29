import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { defineHolder } from './task-holder.ts';
import { implement } from './implement.ts';
import { plainTask } from './task-declaration.ts';
import { defaultRetryPolicy, type TaskExecutionOptions } from './task-execution-options.ts';
import { bound, withOptions } from './task-function.ts';

const holder = defineHolder('shop', { work: plainTask({ name: 'shop.work' }) });

function registered(options: TaskExecutionOptions) {
  const [task] = implement(holder, { work: withOptions(options, () => 1) }).tasks;
  if (task === undefined) throw new Error('a holder of one task has a task');
  return task;
}

describe('withOptions', () => {
  it('gives the options to the registered task, bound or not, and changes nothing of its run', () => {
    const options: TaskExecutionOptions = { acksLate: false, timeLimit: 30, throws: [TypeError] };
    const [task] = implement(holder, { work: withOptions(options, bound((_context, a: number) => a + 1)) }).tasks; // prettier-ignore
    expect(task?.options).toEqual(options);
    expect(task?.run([1], {}, () => ({}) as never)).toBe(2);
    expect(registered(options).options).toBe(options);
  });

  it('is nothing to a task that is given without', () => {
    const [task] = implement(holder, { work: () => 1 }).tasks;
    expect(task?.options).toEqual({});
  });

  it('needs a function', () => {
    expect(() => implement(holder, { work: withOptions({}, 5 as never) })).toThrow(ImproperlyConfiguredError);
  });

  it.each<TaskExecutionOptions>([
    { timeLimit: 0, softTimeLimit: 0.5 }, // 0 is none
    { timeLimit: 2, softTimeLimit: 1 },
    { maxRetries: null, retryKwargs: { maxRetries: null } },
    { maxRetries: 0 },
    { retryBackoff: true },
    { retryBackoff: 0 },
    { retryBackoff: 1.5, retryBackoffMax: 0, defaultRetryDelay: 0 },
    { rateLimit: '10/m' }, // the worker looks at that
  ])('takes %j', (options) => {
    expect(registered(options).options).toEqual(options);
  });

  it.each<[TaskExecutionOptions, string]>([
    [{ timeLimit: -1 }, 'timeLimit must be a number of seconds, 0 or more, got -1'],
    [{ timeLimit: NaN }, 'timeLimit must be'],
    [{ softTimeLimit: Infinity }, 'softTimeLimit must be'],
    [{ defaultRetryDelay: -0.1 }, 'defaultRetryDelay must be'],
    [{ retryBackoffMax: -1 }, 'retryBackoffMax must be'],
    [{ maxRetries: -1 }, 'maxRetries must be a whole number of at least 0, or null for ever, got -1'],
    [{ maxRetries: 1.5 }, 'maxRetries must be'],
    [{ retryKwargs: { maxRetries: -1 } }, 'retryKwargs.maxRetries must be'],
    [
      { retryKwargs: { countdown: -1 } },
      'retryKwargs.countdown must be a number of seconds, 0 or more, got -1',
    ],
    [{ retryBackoff: -2 }, 'retryBackoff must be true, false or a factor of at least 0, got -2'],
    [{ timeLimit: 5, softTimeLimit: 5 }, 'softTimeLimit must be less than timeLimit, which is 5, got 5'],
    [{ timeLimit: 5, softTimeLimit: 6 }, 'softTimeLimit must be less than timeLimit'],
  ])('refuses %j', (options, message) => {
    expect(() => registered(options)).toThrow(ImproperlyConfiguredError);
    expect(() => registered(options)).toThrow(`Task 'shop.work': ${message}`);
  });
});

describe('defaultRetryPolicy', () => {
  it('is Celery’s', () => {
    expect(defaultRetryPolicy).toEqual({
      maxRetries: 3,
      defaultRetryDelay: 180,
      autoretryFor: [],
      dontAutoretryFor: [],
      retryKwargs: {},
      retryBackoff: false,
      retryBackoffMax: 600,
      retryJitter: true,
    });
  });
});
