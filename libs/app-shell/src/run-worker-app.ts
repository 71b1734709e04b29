import type { ImplementedHolder, TaskDeclarations } from '@celeriac/task-registry';
import { createWorkerFrom } from '@celeriac/worker';
import { resolveNodeName } from './node-name.ts';
import { runApp, type RunAppOptions } from './run-app.ts';

/**
 * Runs a worker that serves a holder's tasks, from reading the environment to the end of the process: the whole of a
 * worker app's `main.ts`. See `runApp`, and docs/settings.md for the variables, signals and exit codes.
 *
 * @example
 * await runWorkerApp(implement(additionTasks, { add, fakeadd }));
 */
export function runWorkerApp<T extends TaskDeclarations>(
  implemented: ImplementedHolder<T>,
  frame: Pick<RunAppOptions, 'process' | 'destination'> = {},
): Promise<void> {
  const { queue } = implemented.holder;
  return runApp({
    ...frame,
    name: queue,
    create: ({ settings, logger }) => {
      const options = {
        ...settings, // under the names of the worker's own options
        confirmPublish: settings.brokerConfirmPublish,
        nodeName: resolveNodeName(settings.nodeName, queue),
        logger,
      };
      return createWorkerFrom(implemented, options).app;
    },
  });
}
