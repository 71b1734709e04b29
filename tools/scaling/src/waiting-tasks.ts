import { defineHolder, defineTask } from '@celeriac/task-registry';
import type { TaskHolder } from '@celeriac/task-registry';
import { Type } from '@sinclair/typebox';

/** The tasks that are measured. */
const declarations = {
  /** Waits as a task that calls another service does; tells who waited, and for how long: a timer is never early, and mostly late. */
  wait: defineTask({
    parameters: [['ms', Type.Number({ minimum: 0 })]],
    result: Type.Object({ worker: Type.String(), waitedMs: Type.Number() }),
  }),
  /** Does nothing, so that all the rest is seen. */
  noop: defineTask({ parameters: [], result: Type.Null() }),
};

/** The tasks `wait` and `noop` on a queue of the given name. */
export function waitingTasks(queue: string): TaskHolder<typeof declarations> {
  return defineHolder(queue, declarations);
}
