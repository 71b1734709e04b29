import type { ImplementedHolder, TaskDeclarations } from '@celeriac/task-registry';
import { createWorkerFrom, type Worker } from '@celeriac/worker';
import { expandNodePath, resolveNodeName } from './node-name.ts';
import { runApp, type RunAppOptions } from './run-app.ts';

export interface RunWorkerAppOptions extends Pick<RunAppOptions, 'process' | 'destination'> {
  /**
   * Module that exports the implemented holder, as a URL or a path; threads and processes import it. Needed with
   * `worker_pool` `threads` or `processes`.
   */
  readonly tasksModule?: string | URL;
  /** Connects receivers to the signals of the worker, before it starts. */
  readonly connect?: (signals: Worker['signals']) => void;
}

/**
 * Runs a worker that serves a holder's tasks, from reading the environment to the end of the process: the whole of a
 * worker app's `main.ts`. See `runApp`, and docs/settings.md for the variables, signals and exit codes.
 *
 * @example
 * await runWorkerApp(implement(additionTasks, { add, fakeadd }), {
 *   connect: ({ taskFailure }) => taskFailure.connect(({ task, exception }) => report(task, exception)),
 * });
 */
export function runWorkerApp<T extends TaskDeclarations>(
  implemented: ImplementedHolder<T>,
  { tasksModule, connect, ...frame }: RunWorkerAppOptions = {},
): Promise<void> {
  const { queue } = implemented.holder;
  return runApp({
    ...frame,
    name: queue,
    create: ({ settings, logger }) => {
      const { workerQueues, workerStateDb } = settings;
      const nodeName = resolveNodeName(settings.nodeName, queue);
      const options = {
        ...settings, // under the names of the worker's own options
        queues: workerQueues,
        workerStateDb: workerStateDb === undefined ? undefined : expandNodePath(workerStateDb, nodeName),
        confirmPublish: settings.brokerConfirmPublish,
        tasksModule,
        nodeName,
        logger,
      };
      const { app } = createWorkerFrom(implemented, options);
      connect?.(app.signals);
      return app;
    },
  });
}
