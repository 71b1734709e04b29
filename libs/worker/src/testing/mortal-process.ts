import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

// specs run as CommonJS, where the folder of a module is known by this name
declare const __dirname: string;

const workspaceRoot = join(__dirname, '..', '..', '..', '..');

/** A worker process, from its source, that a spec may kill. */
export class MortalProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
  }

  /**
   * Resolves when the worker consumes the queue.
   *
   * @throws Error when the process ends instead
   */
  static async start(queue: string): Promise<MortalProcess> {
    const child = fork(join(__dirname, 'mortal-worker.ts'), [queue], {
      cwd: workspaceRoot,
      execArgv: ['--conditions=@celeriac/source', '--import', '@swc-node/register/esm-register'],
    });
    const started = new MortalProcess(child);
    const ended = started.#ended.then(() => {
      throw new Error(
        `the worker process ended before it was ready: ${String(child.signalCode ?? child.exitCode)}`,
      );
    });
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined); // it is to be killed
    return started;
  }

  get pid(): number {
    if (this.#child.pid === undefined)
      throw new Error('a worker process that told that it is ready has a pid');
    return this.#child.pid;
  }

  /** Lets it stop warm. */
  async stop(): Promise<void> {
    this.#child.disconnect();
    await this.#ended;
  }

  /** Ends it at once, with whatever it was doing. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
