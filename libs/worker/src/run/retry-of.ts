import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { PythonError, saferepr } from '@celeriac/protocol';
import { defaultRetryPolicy, Retry, type RetryOptions, type RetryPolicy } from '@celeriac/task-registry';
import type { RunSubject } from './run-context.ts';

/**
 * What a run that wants another one is to throw: a Retry, or, when the task has been tried often enough, what was given
 * as `exc`, or Celery's MaxRetriesExceededError.
 *
 * [WORKER-RETRY-LIMIT] Source: Celery 5.7.0, celery/app/task.py `Task.retry`; recorded worker-rpc: `retry_exhausted`.
 *
 * @throws ImproperlyConfiguredError when `countdown` and `eta` are both given, or one of them is no time
 */
export function retryOf(
  { request, body, task }: RunSubject,
  options: RetryOptions,
  now = Date.now(),
): unknown {
  const policy: RetryPolicy = { ...defaultRetryPolicy, ...task.options };
  const { exc, maxRetries = policy.maxRetries, ...rest } = options;
  if (maxRetries !== null && request.retries + 1 > maxRetries) {
    if (exc !== undefined) return exc;
    const { id, name } = request;
    const text = `Can't retry ${name}[${id}] args:${saferepr(body.args, 1024, { tuple: true })} kwargs:${saferepr(body.kwargs)}`;
    return new PythonError('MaxRetriesExceededError', [text], { excModule: 'celery.exceptions' });
  }
  const { countdown, eta, ...changes } = rest;
  return new Retry(etaOf(countdown, eta, policy.defaultRetryDelay, now), exc, changes);
}

function etaOf(
  countdown: number | undefined,
  eta: Date | undefined,
  defaultDelay: number,
  now: number,
): Date | undefined {
  if (eta !== undefined) {
    if (countdown !== undefined)
      throw new ImproperlyConfiguredError(`retry: countdown ${countdown} and eta must not both be given`);
    if (!Number.isNaN(eta.getTime())) return eta;
    throw new ImproperlyConfiguredError('retry: eta must be a valid Date');
  }
  const seconds = countdown ?? defaultDelay;
  if (!Number.isFinite(seconds) || seconds < 0)
    throw new ImproperlyConfiguredError(
      `retry: countdown must be a number of seconds, 0 or more, got ${seconds}`,
    );
  return seconds === 0 ? undefined : new Date(now + seconds * 1000);
}
