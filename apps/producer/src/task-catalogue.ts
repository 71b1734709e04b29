import type { HolderTask, TaskHolder } from '@celeriac/task-registry';

/** The tasks this producer can call, by name: those of all its holders. */
export class TaskCatalogue {
  readonly #byName = new Map<string, [HolderTask, ...HolderTask[]]>();

  constructor(holders: readonly TaskHolder[]) {
    for (const holder of holders) {
      for (const task of Object.values(holder.tasks)) {
        const served = this.#byName.get(task.name);
        if (served === undefined) this.#byName.set(task.name, [task]);
        else served.push(task);
      }
    }
  }

  /** The task of this name in each holder that has it, the first holder's first; undefined when there is none. */
  find(name: string): readonly [HolderTask, ...HolderTask[]] | undefined {
    return this.#byName.get(name);
  }

  /** All tasks, in the order of their holders. */
  all(): HolderTask[] {
    return [...this.#byName.values()].flat();
  }
}
