import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { coerceError, ImproperlyConfiguredError } from '@celeriac/primitives';
import type { ImplementedHolder } from '@celeriac/task-registry';
import { importTasks } from './loading-tasks.ts';

/** URL of a module of tasks, from its URL or its path; a relative path starts where the process was started. */
export function tasksModuleUrl(module: string | URL): URL {
  if (module instanceof URL) return module;
  return module.startsWith('file:') ? new URL(module) : pathToFileURL(module);
}

/**
 * Imports a module and gives every holder that it exports, each once: by a name, as its default, in an array, or as a
 * member of the default.
 *
 * @throws ImproperlyConfiguredError when it cannot be imported, or exports no holder
 */
export async function loadHolders(module: string | URL): Promise<ImplementedHolder[]> {
  const url = tasksModuleUrl(module);
  let exported: Record<string, unknown>;
  try {
    exported = await importTasks(url);
  } catch (error) {
    const reason = pathProblem(url) ?? coerceError(error).message;
    throw new ImproperlyConfiguredError(`The tasks of ${url.href} cannot be loaded: ${reason}`, {
      cause: error,
    });
  }
  // of a CommonJS module, Node may know no names, and has all of it as the default
  const byDefault = Object.values(exported['default'] ?? {}) as unknown[];
  const holders = new Set([...Object.values(exported), ...byDefault].flat().filter(isImplementedHolder));
  if (holders.size > 0) return [...holders];
  const names = Object.keys(exported).join(', ') || 'nothing';
  throw new ImproperlyConfiguredError(
    `${url.href} exports no tasks, but ${names}; export what implement() gives, or an array of these`,
  );
}

/** What is wrong with the path itself, which is clearer than what Node says of a module that it cannot find. */
function pathProblem(url: URL): string | undefined {
  const stats = statSync(url, { throwIfNoEntry: false });
  if (stats === undefined) return 'there is no such file';
  return stats.isDirectory() ? 'it is a folder; name the module in it, such as its tasks.js' : undefined;
}

function isImplementedHolder(value: unknown): value is ImplementedHolder {
  if (typeof value !== 'object' || value === null || !('holder' in value) || !('tasks' in value))
    return false;
  const { holder, tasks } = value;
  return typeof holder === 'object' && holder !== null && 'queue' in holder && Array.isArray(tasks);
}
