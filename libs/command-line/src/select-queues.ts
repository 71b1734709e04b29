import { UsageError } from './command-errors.ts';

/** What `-Q` and `-X` say. */
export interface QueueSelection {
  readonly queues?: readonly string[] | undefined;
  readonly excludeQueues?: readonly string[] | undefined;
}

/**
 * The queues that a command is for: those of `-Q`, else all that are known, without those of `-X`.
 *
 * @throws UsageError when none is left
 */
export function selectQueues(known: readonly string[], selection: QueueSelection): readonly string[] {
  const { queues = known, excludeQueues = [] } = selection;
  const selected = queues.filter((queue) => !excludeQueues.includes(queue));
  if (selected.length > 0) return selected;
  throw new UsageError(`no queue is left of ${queues.join(', ')} without ${excludeQueues.join(', ')}`);
}
