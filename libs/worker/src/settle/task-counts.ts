/** What became of tasks since the worker started. */
export interface TaskCounts {
  /** Good task messages that came. */
  received: number;
  succeeded: number;
  failed: number;
  retried: number;
  ignored: number;
  /** By the task itself: `Reject`. */
  rejected: number;
  /** Expired, revoked or terminated. */
  revoked: number;
  /** Messages that could not be run here at all. */
  refused: number;
  /** Handed to the broker until they are due. */
  delayed: number;
}

export function noTaskCounts(): TaskCounts {
  return {
    received: 0,
    succeeded: 0,
    failed: 0,
    retried: 0,
    ignored: 0,
    rejected: 0,
    revoked: 0,
    refused: 0,
    delayed: 0,
  };
}
