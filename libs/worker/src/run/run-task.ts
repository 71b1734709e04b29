import { defaultRetryPolicy, TaskPredicate, type RetryPolicy } from '@celeriac/task-registry';
import { coerceThrown } from './coerce-thrown.ts';
import { isOneOf } from './is-one-of.ts';
import { retryOf } from './retry-of.ts';
import type { RunContext, RunSubject } from './run-context.ts';

/**
 * Calls a task's function; gives what it gives. An error that the task's `autoretryFor` names is turned into a retry.
 *
 * [WORKER-AUTORETRY] Source: Celery 5.7.0, celery/app/autoretry.py `add_autoretry_behaviour`; recorded worker-rpc:
 * `autoretry`.
 *
 * @throws whatever the function throws; a promise that it gives rejects with it
 */
export function runTask(subject: RunSubject, context: () => RunContext): unknown {
  const { task, body } = subject;
  if (task.options.autoretryFor === undefined) return task.run(body.args, body.kwargs, context);
  return runWithAutoretry(subject, context);
}

async function runWithAutoretry(subject: RunSubject, context: () => RunContext): Promise<unknown> {
  const { task, body, request } = subject;
  try {
    return await task.run(body.args, body.kwargs, context);
  } catch (thrown) {
    const error = coerceThrown(thrown);
    const policy: RetryPolicy = { ...defaultRetryPolicy, ...task.options };
    if (error instanceof TaskPredicate) throw error;
    if (isOneOf(error, policy.dontAutoretryFor) || !isOneOf(error, policy.autoretryFor)) throw error;
    const countdown = backoffCountdown(policy, request.retries) ?? policy.retryKwargs.countdown;
    throw retryOf(subject, { ...policy.retryKwargs, countdown, exc: error });
  }
}

/**
 * Seconds to wait before a retry that comes by itself; undefined without `retryBackoff`.
 *
 * [WORKER-RETRY-BACKOFF] Source: Celery 5.7.0, celery/utils/time.py `get_exponential_backoff_interval`: whole seconds,
 * `min(maximum, factor · 2 ** retries)`; with jitter any of 0 to that, both included.
 */
export function backoffCountdown(
  { retryBackoff, retryBackoffMax, retryJitter }: RetryPolicy,
  retries: number,
  random: () => number = Math.random,
): number | undefined {
  if (retryBackoff === false || retryBackoff === 0) return undefined;
  const factor = Math.floor(Math.max(1, Number(retryBackoff)));
  const countdown = Math.min(retryBackoffMax, factor * 2 ** retries);
  return retryJitter ? Math.floor(random() * (Math.floor(countdown) + 1)) : countdown;
}
