import { ImproperlyConfiguredError } from '@celeriac/primitives';
import type { ActiveRuns } from './run/active-runs.ts';
import type { ExecutionPool } from './pools/execution-pool.ts';
import { parseRateLimit } from './receive/rate-limit.ts';
import type { ReceivedTask } from './receive/received-task.ts';
import type { RevokedTasks } from './revoke/revoked-tasks.ts';
import type { ServedTask, ServedTasks } from './receive/served-tasks.ts';
import type { TaskPool } from './run/task-pool.ts';
import type { WaitingTasks } from './receive/waiting-tasks.ts';

export interface TaskControlOptions {
  readonly tasks: ServedTasks;
  readonly active: ActiveRuns;
  readonly waiting: WaitingTasks;
  readonly pool: TaskPool<ReceivedTask>;
  readonly executionPool: ExecutionPool | undefined;
  readonly revoked: RevokedTasks;
}

export interface RevokeOptions {
  /**
   * End those that run, too: in threads and processes by killing what runs them; on the event loop the task is told by
   * its signal, and no longer listened to. Default false.
   */
  readonly terminate?: boolean;
}

/**
 * Orders for tasks while a worker runs, by the names of Celery's remote control.
 *
 * Source: Celery 5.7.0, celery/worker/control.py.
 */
export class TaskControl {
  readonly #options: TaskControlOptions;

  constructor(options: TaskControlOptions) {
    this.#options = options;
  }

  /** `revoke`: tasks of these ids are not started any more; callers get REVOKED when they arrive, or their time comes. */
  revoke(ids: string | readonly string[], { terminate = false }: RevokeOptions = {}): void {
    const all = typeof ids === 'string' ? [ids] : ids;
    this.#options.revoked.add(all);
    if (!terminate) return;
    for (const id of all) this.#options.active.get(id)?.terminate();
  }

  /** `revoke_by_stamped_headers`: the same for tasks that have one of these values under one of these stamped headers. */
  revokeByStampedHeaders(
    headers: Readonly<Record<string, unknown>>,
    { terminate = false }: RevokeOptions = {},
  ): void {
    const { active, revoked } = this.#options;
    revoked.addStampedHeaders(headers);
    if (!terminate) return;
    for (const run of [...active]) if (revoked.isRevoked(run.received.request)) run.terminate();
  }

  /**
   * `rate_limit`: how often a task may start here from now on; null is no limit.
   *
   * @throws ImproperlyConfiguredError when the task is not registered, or the limit is none
   */
  rateLimit(task: string, limit: number | string | null): void {
    this.#served(task);
    this.#options.waiting.setRate(task, parseRateLimit(limit, task));
  }

  /**
   * `time_limit`: limits of a task's runs that start from now on, in seconds; absent is none. A message's own win.
   *
   * @throws ImproperlyConfiguredError when the task is not registered, or a limit is no time
   */
  timeLimit(task: string, { hard, soft }: { readonly hard?: number; readonly soft?: number }): void {
    const { policy } = this.#served(task);
    policy.hardMs = limitMs(task, 'hard', hard);
    policy.softMs = limitMs(task, 'soft', soft);
  }

  /** `pool_grow`: so many more tasks may run at a time. The prefetch count stays as it is. */
  poolGrow(n = 1): void {
    this.#resize(n);
  }

  /** `pool_shrink`: so many fewer, at least one; what runs is not ended. */
  poolShrink(n = 1): void {
    this.#resize(-n);
  }

  #resize(change: number): void {
    const { pool, executionPool } = this.#options;
    if (!Number.isInteger(change))
      throw new ImproperlyConfiguredError(`a pool grows or shrinks by a whole number, got ${change}`);
    const concurrency = Math.max(1, pool.concurrency + change);
    executionPool?.resize(concurrency);
    pool.resize(concurrency);
  }

  #served(task: string): ServedTask {
    const served = this.#options.tasks.get(task);
    if (served !== undefined) return served;
    const known = this.#options.tasks.names().join(', ');
    throw new ImproperlyConfiguredError(`task '${task}' is not registered here; known: ${known}`);
  }
}

function limitMs(task: string, which: string, seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  throw new ImproperlyConfiguredError(
    `the ${which} time limit of task '${task}' must be a number of seconds, 0 or more, got ${seconds}`,
  );
}
