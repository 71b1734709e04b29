import { float, PythonError, PythonScalar } from '@celeriac/protocol';
import { Reject, SoftTimeLimitExceeded, TimeLimitExceeded } from '@celeriac/task-registry';
import { WorkerLostError } from '../pools/worker-lost-error.ts';
import { exceptionTexts } from './exception-texts.ts';

describe('exceptionTexts', () => {
  it.each<[unknown, string]>([
    [new Error('no'), "Exception('no')"],
    [new TypeError("it's"), 'TypeError("it\'s")'],
    [new Error(''), 'Exception()'],
    ['text', "Exception('text')"],
    [new PythonError('KeyError', ['missing']), "KeyError('missing')"],
    [new PythonError('CustomError', ['a', 1, null, float(2)]), "CustomError('a', 1, None, 2.0)"],
    [
      new PythonError('ValueError', [new PythonScalar('datetime', '2024-01-01T00:00:00')]),
      'ValueError(datetime.datetime(2024, 1, 1, 0, 0))',
    ],
    [new SoftTimeLimitExceeded(), 'SoftTimeLimitExceeded()'],
    [new TimeLimitExceeded(1), 'TimeLimitExceeded(1)'],
    [
      new WorkerLostError('signal 9 (SIGKILL)', 8),
      "WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL) Job: 8.')",
    ],
    [new Reject('late reject'), 'reject requeue=False: late reject'],
    [new Reject(null, { requeue: true }), 'reject requeue=True: None'],
  ])('shows %p as Python’s repr does', (thrown, exception) => {
    expect(exceptionTexts(thrown).exception).toBe(exception);
  });

  it('has the stack and those of the causes as traceback', () => {
    const error = new Error('outer', { cause: new Error('inner') });

    expect(exceptionTexts(error).traceback).toMatch(/^Error: outer\n +at [^]*\nCaused by: Error: inner\n/);
  });

  it('still says something of an error that cannot be read', () => {
    const error = new Error('hidden');
    Object.defineProperty(error, 'message', {
      get: () => {
        throw new TypeError('a getter that throws');
      },
    });

    expect(exceptionTexts(error).exception).toBe(
      "Exception('what was thrown cannot be read: a getter that throws')",
    );
  });
});
