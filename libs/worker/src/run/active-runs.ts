import { RunTrace } from './run-trace.ts';
import type { TaskRun } from './task-run.ts';

/** Runs that go on: started, and not over. A task that ends in the turn in which it starts is never among them. */
export class ActiveRuns {
  /** Of use once it is started. */
  readonly trace = new RunTrace<TaskRun>();
  /** Name of the task whose run ended last. */
  lastEnded: string | undefined;
  readonly #runs = new Map<string, TaskRun>();

  get size(): number {
    return this.#runs.size;
  }

  [Symbol.iterator](): IterableIterator<TaskRun> {
    return this.#runs.values();
  }

  get(id: string): TaskRun | undefined {
    return this.#runs.get(id);
  }

  add(run: TaskRun): void {
    this.#runs.set(run.id, run);
  }

  delete(run: TaskRun): void {
    // a message that was sent twice runs twice under one id
    if (this.#runs.get(run.id) === run) this.#runs.delete(run.id);
  }
}
