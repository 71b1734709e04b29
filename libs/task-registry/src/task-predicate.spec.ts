import { CeleryError } from '@celeriac/primitives';
import { PythonError } from '@celeriac/protocol';
import { Ignore, Reject, Retry, TaskPredicate } from './task-predicate.ts';
import { SoftTimeLimitExceeded, TimeLimitExceeded } from './time-limit-errors.ts';

describe('task predicates', () => {
  it.each([new Retry(undefined), new Ignore(), new Reject()])(
    '%p is a predicate, and no failure of Python',
    (predicate) => {
      expect(predicate).toBeInstanceOf(TaskPredicate);
      expect(predicate).toBeInstanceOf(CeleryError);
      expect(predicate).not.toBeInstanceOf(PythonError);
      expect(predicate.name).toBe(predicate.constructor.name);
    },
  );

  it.each<[TaskPredicate, string]>([
    [new Retry(undefined), 'Retry now'],
    [new Retry(new Date(0)), 'Retry at 1970-01-01T00:00:00.000Z'],
    [new Ignore(), 'Ignored'],
    [new Ignore('done before'), 'done before'],
    [new Reject(), 'reject requeue=false: no reason given'],
    [new Reject('no such customer', { requeue: true }), 'reject requeue=true: no such customer'],
  ])('%p says %j', (predicate, message) => {
    expect(predicate.message).toBe(message);
  });

  it('keep what they were given', () => {
    const exc = new Error('down');
    expect(new Retry(new Date(5), exc, { queue: 'slow' })).toMatchObject({
      eta: new Date(5),
      exc,
      changes: { queue: 'slow' },
    });
    expect(new Reject('no')).toMatchObject({ reason: 'no', requeue: false });
    expect(new Reject()).toMatchObject({ reason: null, requeue: false });
  });
});

describe('time limit errors', () => {
  it.each<[PythonError, string, unknown[]]>([
    [new SoftTimeLimitExceeded(), 'SoftTimeLimitExceeded', []],
    [new TimeLimitExceeded(1.5), 'TimeLimitExceeded', [1.5]],
  ])('%p is billiard’s', (error, excType, excArgs) => {
    expect(error).toBeInstanceOf(PythonError);
    expect(error).toMatchObject({ excType, excArgs, excModule: 'billiard.exceptions' });
  });
});
