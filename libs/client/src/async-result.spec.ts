import { getEventListeners } from 'node:events';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { AsyncResult } from './async-result.ts';
import { BackendError, RemoteTaskError, TaskRevokedError, TaskTimeoutError } from './task-errors.ts';
import { failureOf, resultOf } from './testing/results.ts';

const id = 'c0ffee00-0000-4000-8000-000000000001';

function pendingResult(): AsyncResult {
  return new AsyncResult(id, 'add', false);
}

describe('AsyncResult', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('is pending until something is heard of its task', () => {
    const result = pendingResult();
    expect([result.id, result.name, result.state, result.isReady, result.isAwaited]).toEqual([
      id,
      'add',
      'PENDING',
      false,
      false,
    ]);
    expect([result.result, result.error]).toEqual([undefined, undefined]);
  });

  it('follows states that are not final, the latest counts', () => {
    const result = pendingResult();
    for (const status of ['RECEIVED', 'STARTED', 'PROGRESS', 'STARTED']) {
      result.receive(resultOf(id, { status, result: { at: status } }));
      expect([result.state, result.isReady, result.result, result.error]).toEqual([
        status,
        false,
        { at: status },
        undefined,
      ]);
    }
  });

  it.each(['SUCCESS', 'FAILURE', 'REVOKED'])('keeps %s against whatever comes later', async (status) => {
    const result = pendingResult();
    const message =
      status === 'SUCCESS' ? resultOf(id) : failureOf(id, { status, traceback: 'of the first' });
    result.receive(message);
    for (const later of [
      resultOf(id, { result: 'duplicate' }),
      failureOf(id, { traceback: 'of the duplicate' }),
      resultOf(id, { status: 'STARTED', result: null }),
    ]) {
      result.receive(later);
    }
    result.lose(new BackendError('dropped'));
    expect([result.state, result.isReady]).toEqual([status, true]);
    if (status === 'SUCCESS') expect(await result.get()).toBe(9);
    else expect(result.error?.traceback).toBe('of the first');
  });

  it('shows why a task is tried again, and then its end', () => {
    const result = pendingResult();
    result.receive(failureOf(id, { status: 'RETRY' }));
    expect([result.state, result.isReady, result.result, result.error?.excType]).toEqual([
      'RETRY',
      false,
      undefined,
      'ValueError',
    ]);
    result.receive(resultOf(id));
    expect([result.state, result.result, result.error]).toEqual(['SUCCESS', 9, undefined]);
  });

  describe('get', () => {
    it('gives the value at once when it is there, even with no time to wait', async () => {
      const result = pendingResult();
      result.receive(resultOf(id, { result: { sum: [1, null] } }));
      expect(await result.get({ timeoutMs: 0 })).toEqual({ sum: [1, null] });
    });

    it('gives null for a task that returned nothing', async () => {
      const result = pendingResult();
      result.receive(resultOf(id, { result: null }));
      expect(await result.get()).toBeNull();
    });

    it('waits for the end, past states that are not final, for all who wait', async () => {
      const result = pendingResult();
      const gets = [result.get(), result.get({ timeoutMs: 1000 }), result.get({ timeoutMs: Infinity })];
      expect(result.isAwaited).toBe(true);
      result.receive(resultOf(id, { status: 'STARTED', result: null }));
      await Promise.resolve();
      expect(result.isAwaited).toBe(true);
      result.receive(resultOf(id));
      expect(await Promise.all(gets)).toEqual([9, 9, 9]);
      expect(result.isAwaited).toBe(false);
    });

    it('rejects with the exception of a failed task', async () => {
      const result = pendingResult();
      const get = result.get();
      result.receive(failureOf(id));
      const error: unknown = await get.catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(RemoteTaskError);
      expect(error).toMatchObject({
        name: 'RemoteTaskError',
        code: 'ERR_REMOTE_TASK',
        message: "could not convert string to float: 'abc'",
        taskId: id,
        excType: 'ValueError',
        excModule: 'builtins',
        excArgs: ["could not convert string to float: 'abc'"],
        traceback: 'Traceback (most recent call last):\nValueError: could not convert string to float',
      });
    });

    it('names the class of an exception that has no message', async () => {
      const result = pendingResult();
      result.receive(
        failureOf(id, {
          result: { exc_type: 'SystemError', exc_message: [], exc_module: 'builtins' },
          traceback: null,
        }),
      );
      await expect(result.get()).rejects.toMatchObject({
        message: 'SystemError',
        excArgs: [],
        traceback: null,
      });
    });

    it.each([
      ['TaskRevokedError', 'celery.exceptions', ['expired'], 'expired'],
      ['TaskRevokedError', 'celery.exceptions', ['terminated'], 'terminated'],
    ])(
      'rejects with what a revoked task was revoked for: %s %s %j',
      async (excType, excModule, args, reason) => {
        const result = pendingResult();
        result.receive(
          failureOf(id, {
            status: 'REVOKED',
            result: { exc_type: excType, exc_message: args, exc_module: excModule },
          }),
        );
        const error: unknown = await result.get().catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(TaskRevokedError);
        expect(error).toMatchObject({
          code: 'ERR_TASK_REVOKED',
          taskId: id,
          reason,
          message: `task ${id} was revoked: ${reason}`,
        });
      },
    );

    it('rejects when the time is up, and can be asked again', async () => {
      const result = pendingResult();
      const early = result.get({ timeoutMs: 5000 });
      jest.advanceTimersByTime(4999);
      await Promise.resolve();
      expect(result.isAwaited).toBe(true);
      jest.advanceTimersByTime(1);
      const error: unknown = await early.catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(TaskTimeoutError);
      expect(error).toMatchObject({ code: 'ERR_TASK_TIMEOUT', taskId: id, timeoutMs: 5000 });
      expect(result.isAwaited).toBe(false);

      const again = result.get({ timeoutMs: 5000 });
      result.receive(resultOf(id));
      expect(await again).toBe(9);
    });

    it('waits no shorter than setTimeout can when it is told to wait longer', async () => {
      const result = pendingResult();
      const get = result.get({ timeoutMs: 365 * 86_400_000 });
      jest.advanceTimersByTime(86_400_000);
      await Promise.resolve();
      expect(result.isAwaited).toBe(true);
      result.receive(resultOf(id));
      expect(await get).toBe(9);
    });

    it('refuses a time that is no number', async () => {
      await expect(pendingResult().get({ timeoutMs: NaN })).rejects.toThrow(
        new ImproperlyConfiguredError('timeoutMs must be a number of ms, got NaN'),
      );
    });

    it('rejects at once when no result is stored', async () => {
      const result = new AsyncResult(id, 'add', true);
      await expect(result.get()).rejects.toThrow(BackendError);
      await expect(result.get()).rejects.toThrow(id);
      expect(await result.wait()).toBe(false);
    });

    it('rejects, now and later, when the result is lost', async () => {
      const result = pendingResult();
      const get = result.get();
      const wait = result.wait(1000);
      result.lose(new BackendError('dropped'));
      result.lose(new BackendError('the first reason counts'));
      await expect(get).rejects.toThrow(new BackendError('dropped'));
      expect(await wait).toBe(false);
      await expect(result.get()).rejects.toThrow('dropped');
      expect(await result.wait()).toBe(false);
    });
  });

  describe('wait', () => {
    it.each([
      ['SUCCESS', resultOf(id)],
      ['FAILURE', failureOf(id)],
    ])('gives true after %s', async (_state, message) => {
      const result = pendingResult();
      const wait = result.wait(1000);
      result.receive(message);
      expect(await wait).toBe(true);
      expect(await result.wait(0)).toBe(true);
    });

    it('gives false when the time is up', async () => {
      const wait = pendingResult().wait(10);
      jest.advanceTimersByTime(10);
      expect(await wait).toBe(false);
    });

    it('gives false when it is aborted, and leaves nobody waiting', async () => {
      const result = pendingResult();
      const stop = new AbortController();
      const wait = result.wait(1000, stop.signal);
      stop.abort();
      expect(await wait).toBe(false);
      expect(result.isAwaited).toBe(false);
      expect(await result.wait(1000, stop.signal)).toBe(false);
      expect(result.isAwaited).toBe(false);
      expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    });

    it.each<[string, (result: AsyncResult) => void]>([
      [
        'ends',
        (result) => {
          result.receive(resultOf(id));
        },
      ],
      [
        'is lost',
        (result) => {
          result.lose(new BackendError('dropped'));
        },
      ],
      [
        'is late',
        () => {
          jest.advanceTimersByTime(1000);
        },
      ],
    ])('leaves no listener on the signal when the task %s', async (_how, end) => {
      const result = pendingResult();
      const { signal } = new AbortController();
      const wait = result.wait(1000, signal);
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      end(result);
      await wait;
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });
  });
});
