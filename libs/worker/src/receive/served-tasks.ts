import type { RegisteredTask, TaskRegistry } from '@celeriac/task-registry';
import { resolveTaskPolicy, type TaskPolicy } from './task-policy.ts';
import type { WorkerSettings } from '../worker-settings.ts';

/** A task that this worker runs, and how it treats it. */
export interface ServedTask {
  readonly task: RegisteredTask;
  readonly policy: TaskPolicy;
}

/** The tasks of a worker, by their names on the wire. */
export class ServedTasks {
  readonly #tasks = new Map<string, ServedTask>();

  /**
   * @param options.areResultsEncoded - a pool gives results as they are written
   * @throws ImproperlyConfiguredError when a rate limit is none
   */
  constructor(
    registry: TaskRegistry,
    settings: WorkerSettings,
    { areResultsEncoded }: { readonly areResultsEncoded: boolean },
  ) {
    for (const name of registry.names()) {
      const task = registry.get(name);
      if (task === undefined) continue;
      this.#tasks.set(name, {
        task: areResultsEncoded ? { ...task, encodeResult: (value) => value } : task,
        policy: resolveTaskPolicy(task, settings),
      });
    }
  }

  get(name: string): ServedTask | undefined {
    return this.#tasks.get(name);
  }

  names(): string[] {
    return [...this.#tasks.keys()];
  }

  [Symbol.iterator](): IterableIterator<ServedTask> {
    return this.#tasks.values();
  }
}
