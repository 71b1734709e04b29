import { types } from 'node:util';
import { coerceError } from '@celeriac/primitives';
import { TaskPredicate } from '@celeriac/task-registry';

/**
 * What a task threw, as it is looked at from here on: a {@link TaskPredicate} or another error that can be read, both as
 * they are, or a description. Never throws.
 */
export function coerceThrown(thrown: unknown): Error {
  try {
    if (!types.isProxy(thrown) && thrown instanceof TaskPredicate) return thrown;
  } catch {
    // a Proxy stands in its line of prototypes
  }
  return coerceError(thrown);
}
