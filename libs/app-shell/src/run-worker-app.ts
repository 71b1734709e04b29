import { ImproperlyConfiguredError } from '@celeriac/primitives';
import type { ImplementedHolder } from '@celeriac/task-registry';
import { createWorker, type Worker } from '@celeriac/worker';
import { claimNodeName } from './claim-node-name.ts';
import { expandNodePath, resolveNodeName } from './node-name.ts';
import { runApp, type RunAppOptions } from './run-app.ts';

export interface RunWorkerAppOptions extends Pick<RunAppOptions, 'process' | 'destination'> {
  /**
   * Module that exports the implemented holders, as a URL or a path; threads and processes import it. Needed with
   * `worker_pool` `threads` or `processes`.
   */
  readonly tasksModule?: string | URL;
  /** Connects receivers to the signals of the worker, before it starts. */
  readonly connect?: (signals: Worker['signals']) => void;
}

/**
 * Runs a worker that serves the tasks of one holder or of several, from reading the environment to the end of the process:
 * the whole of a worker app's `main.ts`. See `runApp`, and docs/settings.md for the variables, signals and exit codes.
 *
 * The app and, unless `CELERIAC_NODE_NAME` says otherwise, its node are named after the queue of the first holder.
 *
 * @throws ImproperlyConfiguredError when there is no holder
 *
 * @example
 * await runWorkerApp(implement(additionTasks, { add, fakeadd }), {
 *   connect: ({ taskFailure }) => taskFailure.connect(({ task, exception }) => report(task, exception)),
 * });
 */
export async function runWorkerApp(
  implemented: ImplementedHolder | readonly ImplementedHolder[],
  { tasksModule, connect, ...frame }: RunWorkerAppOptions = {},
): Promise<void> {
  const holders = [implemented].flat();
  const [first] = holders;
  if (first === undefined) throw new ImproperlyConfiguredError('a worker needs at least one holder of tasks');
  const { queue } = first.holder;
  await runApp({
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
      const worker = createWorker(holders, options);
      connect?.(worker.signals);
      void worker.done.then(claimNodeName({ nodeName, brokerUrl: settings.brokerUrl, logger }));
      return worker;
    },
  });
}
