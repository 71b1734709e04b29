import type { ResultMessage } from '@celeriac/protocol';

/** What a mortal worker tells of a run, as its result. */
export interface MortalRun {
  readonly pid: number;
  /** Another worker had the task before. */
  readonly redelivered: boolean;
}

/** Counts the results of mortal workers by process, and lets callers wait for theirs. */
export class ResultTally {
  readonly #answers = new Map<number, number>();
  readonly #waiting = new Map<string, () => void>();
  readonly #awaited = new Map<number, { readonly at: number; readonly reached: () => void }>();
  #redeliveredCount = 0;

  /** Results of tasks that another worker had before. */
  get redeliveredCount(): number {
    return this.#redeliveredCount;
  }

  /** Calls that are waited for. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** To be told of each result. */
  readonly heard = (id: string, { result }: ResultMessage): void => {
    const { pid, redelivered } = result as MortalRun;
    if (redelivered) this.#redeliveredCount++;
    const answers = (this.#answers.get(pid) ?? 0) + 1;
    this.#answers.set(pid, answers);
    this.#waiting.get(id)?.();
    const awaited = this.#awaited.get(pid);
    if (awaited !== undefined && answers >= awaited.at) awaited.reached();
  };

  /** Resolves with the first result of a call; to be asked before the call is sent. */
  async answered(id: string): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    this.#waiting.delete(id);
  }

  /** Resolves when a process has answered so many calls. */
  async answeredBy(pid: number, count: number): Promise<void> {
    if ((this.#answers.get(pid) ?? 0) >= count) return;
    await new Promise<void>((reached) => this.#awaited.set(pid, { at: count, reached }));
  }
}
