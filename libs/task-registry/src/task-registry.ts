import { ImproperlyConfiguredError } from '@celeriac/primitives';

import type { ImplementedHolder } from './implement.ts';
import type { RegisteredTask } from './registered-task.ts';

/** The tasks that one worker can run, by their names on the wire. */
export class TaskRegistry {
  readonly #tasks = new Map<string, RegisteredTask>();

  /**
   * Adds the tasks of a holder, all or none.
   *
   * @throws ImproperlyConfiguredError when a task of that name is registered already
   */
  register(implemented: ImplementedHolder): void {
    for (const { name, queue } of implemented.tasks) {
      const other = this.#tasks.get(name);
      if (other === undefined) continue;
      throw new ImproperlyConfiguredError(
        `Task '${name}' of queue '${queue}' is registered already, for queue '${other.queue}'; rename one of the two`,
      );
    }
    for (const task of implemented.tasks) this.#tasks.set(task.name, task);
  }

  /** The task of that name, or undefined: what to do about a task that is not registered is the worker's business. */
  get(name: string): RegisteredTask | undefined {
    return this.#tasks.get(name);
  }

  has(name: string): boolean {
    return this.#tasks.has(name);
  }

  /** All names, in order of registration. */
  names(): string[] {
    return [...this.#tasks.keys()];
  }
}
