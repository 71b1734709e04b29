import { longestTimeoutMs } from '../longest-timeout.ts';
import type { ReceivedTask } from '../receive/received-task.ts';

/** What is told when a limit is reached. */
export interface LimitedRun {
  softLimitReached(limitMs: number): void;
  hardLimitReached(limitMs: number): void;
}

/** The time limits of one run: at most one timer at a time, first for the soft limit, then for the hard one. */
export class RunTimer {
  readonly #run: LimitedRun;
  #timer: NodeJS.Timeout | undefined;

  private constructor(run: LimitedRun) {
    this.#run = run;
  }

  /** Starts the time of a run; undefined when it has no limit. A limit of 0 is none, as in Celery. */
  static start({ request, policy }: ReceivedTask, run: LimitedRun): RunTimer | undefined {
    const { hardMs = policy.hardMs, softMs = policy.softMs } = request.timeLimits;
    const hard = effective(hardMs);
    const soft = effective(softMs);
    if (hard === undefined && soft === undefined) return undefined;
    const timer = new RunTimer(run);
    if (soft !== undefined && (hard === undefined || soft < hard)) timer.#waitSoft(soft, hard);
    else if (hard !== undefined) timer.#waitHard(hard, hard);
    return timer;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #waitSoft(softMs: number, hardMs: number | undefined): void {
    this.#timer = setTimeout(() => {
      // first the hard one, as the soft one may end the run and with it this timer
      if (hardMs !== undefined) this.#waitHard(hardMs - softMs, hardMs);
      this.#run.softLimitReached(softMs);
    }, softMs);
  }

  #waitHard(waitMs: number, hardMs: number): void {
    this.#timer = setTimeout(() => {
      this.#run.hardLimitReached(hardMs);
    }, waitMs);
  }
}

/** Limits beyond what a timer can wait, 24 days, are none. */
function effective(limitMs: number | undefined): number | undefined {
  return limitMs === undefined || limitMs <= 0 || limitMs > longestTimeoutMs ? undefined : limitMs;
}
