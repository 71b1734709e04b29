import type { TaskQueue } from '@celeriac/protocol';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CreateWorkerOptions } from '../create-worker.ts';
import type { TaskCounts } from '../settle/task-counts.ts';

// specs run as CommonJS, where the folder of a module is known by this name
declare const __dirname: string;

/** What a forked worker is made of; crosses as JSON. */
export interface ForkedWorkerOptions {
  readonly brokerUrl: string;
  readonly queue: TaskQueue;
  /** With a `tasksModule`, its tasks are those of busy-tasks.ts; without, the tasks `work(ms)` and `quote(text)`, which throws. */
  readonly settings?: Partial<CreateWorkerOptions>;
}

/** What a forked worker tells of itself; of its memory after a garbage collection. */
export interface WorkerCensus {
  readonly counts: TaskCounts;
  /** By the clock of its process, in ms. */
  readonly at: number;
  /** In bytes. */
  readonly heapUsed: number;
  /** In bytes. */
  readonly rss: number;
}

/** What the task `work(ms)` gives. */
export interface ForkedRun {
  readonly pid: number;
  readonly redelivered: boolean;
  /** Ms since the epoch. */
  readonly startedAt: number;
}

/** A worker process, from its source, that a spec looks at, or kills. */
export class ForkedWorkerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
  }

  /**
   * Resolves when the worker consumes its queue.
   *
   * @param start.execArgv options of Node
   *
   * @throws Error when the process ends instead
   */
  static async start(
    options: ForkedWorkerOptions,
    { execArgv = [] }: { readonly execArgv?: readonly string[] } = {},
  ): Promise<ForkedWorkerProcess> {
    const child = fork(join(__dirname, 'forked-worker.ts'), [JSON.stringify(options)], {
      cwd: join(__dirname, '..', '..', '..', '..'), // where the loader looks for its settings
      execArgv: ['--conditions=@celeriac/source', '--import', '@swc-node/register/esm-register', ...execArgv],
    });
    const started = new ForkedWorkerProcess(child);
    await started.#answer();
    return started;
  }

  /** Resolves when the process has ended. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  /** @throws Error when the process ends instead of answering */
  async census(): Promise<WorkerCensus> {
    this.#child.send('census');
    return (await this.#answer()) as WorkerCensus;
  }

  /** Lets it stop warm. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  /** Ends it at once, with whatever it was doing. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async #answer(): Promise<unknown> {
    const gone = this.#ended.then(() => {
      throw new Error(
        `the worker process has ended: ${String(this.#child.signalCode ?? this.#child.exitCode)}`,
      );
    });
    gone.catch(() => undefined); // it ends some time, and nobody waits for it here then
    const [message] = (await Promise.race([once(this.#child, 'message'), gone])) as [unknown];
    return message;
  }
}
