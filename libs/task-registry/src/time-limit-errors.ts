import { PythonError } from '@celeriac/protocol';

/**
 * The soft time limit has passed: the reason of the abort of a task's `signal`. A task that lets it through fails with it.
 *
 * [EXC-TIME-LIMIT] Source: Celery 5.7.0 with billiard 4.2, recorded worker-rpc: `soft_time_limit`, `hard_time_limit`.
 */
export class SoftTimeLimitExceeded extends PythonError {
  constructor() {
    super('SoftTimeLimitExceeded', [], { excModule: 'billiard.exceptions' });
  }
}

/** The hard time limit has passed, and what ran the task was ended. Told to the caller; a task never sees it. */
export class TimeLimitExceeded extends PythonError {
  /** @param seconds the limit */
  constructor(seconds: number) {
    super('TimeLimitExceeded', [seconds], { excModule: 'billiard.exceptions' });
  }
}
