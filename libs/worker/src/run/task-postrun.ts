import { channel } from 'node:diagnostics_channel';
import type { ReceivedTask } from '../receive/received-task.ts';

/**
 * What is published on the `node:diagnostics_channel` channel `celeriac.task_postrun` when a task has run, in the very
 * turn in which it ended and before its result is sent: for tracers and recorders that are loaded beside a worker
 * (`node --import`). The names are those of Celery's signal `task_postrun`.
 */
export interface TaskPostrunMessage {
  readonly task_id: string;
  /** Name of the task. */
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** How the function ended; a returned value that cannot be written makes the task fail afterwards. */
  readonly state: 'SUCCESS' | 'FAILURE' | 'RETRY' | 'IGNORED' | 'REJECTED';
  /** What the task returned, or what it threw. */
  readonly retval: unknown;
  readonly delivery_info: { readonly redelivered: boolean; readonly routing_key: string };
}

const taskPostrun = channel('celeriac.task_postrun');

/** Costs nothing while nobody listens. A listener that throws does so as an uncaught exception of its own, not here. */
export function publishTaskPostrun(
  { opened, body, delivery }: ReceivedTask,
  state: TaskPostrunMessage['state'],
  retval: unknown,
): void {
  if (!taskPostrun.hasSubscribers) return;
  const message: TaskPostrunMessage = {
    task_id: opened.id,
    task: opened.name,
    args: body.args,
    kwargs: body.kwargs,
    state,
    retval,
    delivery_info: { redelivered: delivery.redelivered, routing_key: delivery.routingKey },
  };
  taskPostrun.publish(message);
}
