import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A program under test. */
export interface Contender {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A running contender, in a process group of its own. */
export class RunningContender {
  readonly pid: number;
  /** Aborted when the program ends. */
  readonly ended: AbortSignal;
  readonly #child: ChildProcess;
  readonly #output: string[] = [];

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
    const ended = new AbortController();
    this.ended = ended.signal;
    child.once('exit', (code, signal) => {
      ended.abort(new Error(`the program ended (${code ?? signal})`));
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => this.#output.push(chunk.toString()));
    }
  }

  static async start(contender: Contender, env: NodeJS.ProcessEnv): Promise<RunningContender> {
    const child = spawn(contender.command, contender.args, {
      env: { ...env, ...contender.env },
      cwd: contender.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    await once(child, 'spawn');
    if (child.pid === undefined) throw new Error(`${contender.name} did not start`);
    return new RunningContender(child, child.pid);
  }

  /** What it has printed, for the message of a failure. */
  get output(): string {
    return this.#output.join('').slice(-2000);
  }

  /** Ends it, in good order if it can. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#signal('SIGTERM');
    const kill = setTimeout(() => {
      this.#signal('SIGKILL');
    }, 10_000);
    await ended;
    clearTimeout(kill);
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      // Celery's prefork parent takes the signal alone and ends its children itself
      process.kill(signal === 'SIGKILL' ? -this.pid : this.pid, signal);
    } catch {
      // it ended this instant
    }
  }
}
