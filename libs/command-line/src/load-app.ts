import type { ImplementedHolder } from '@celeriac/task-registry';
import { loadHolders } from '@celeriac/worker';
import type { Command } from 'commander';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from './command-errors.ts';
import type { CommandFrame } from './command-frame.ts';

/** The module of `-A`, and the holders that it exports. */
export interface LoadedApp {
  /** As it was given. */
  readonly name: string;
  readonly tasksModule: URL;
  readonly holders: readonly ImplementedHolder[];
}

/**
 * Loads the module of `-A`.
 *
 * @returns undefined without the option
 * @throws ImproperlyConfiguredError when it cannot be imported or exports no holder
 */
export async function loadApp(frame: CommandFrame, command: Command): Promise<LoadedApp | undefined> {
  const { app: name } = command.optsWithGlobals<{ app?: string }>();
  if (name === undefined) return undefined;
  const tasksModule = pathToFileURL(resolve(frame.host.cwd(), name));
  return { name, tasksModule, holders: await loadHolders(tasksModule) };
}

/** As `loadApp`. @throws UsageError without the option, naming the command that needs it */
export async function loadRequiredApp(frame: CommandFrame, command: Command): Promise<LoadedApp> {
  const app = await loadApp(frame, command);
  if (app !== undefined) return app;
  throw new UsageError(
    `${command.name()} needs the module that exports the tasks: celeriac -A dist/tasks.js ${command.name()}`,
  );
}

/** The queues of holders, each once, in their order. */
export function queuesOf(holders: readonly ImplementedHolder[]): readonly string[] {
  return [...new Set(holders.map(({ holder }) => holder.queue))];
}
