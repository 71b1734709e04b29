import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What to run. */
export interface ProcessOptions {
  /** Name for error messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to our own environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const STOP_TIMEOUT_MS = 20_000;
const SHOWN_CHARACTERS = 4000;
const running = new Set<ManagedProcess>();

// a spec that is ended in the middle takes what it started with it
process.once('exit', () => {
  for (const child of running) child.kill();
});

/**
 * A process that a spec started: its output is kept, and it is stopped with SIGTERM, after 20 s with SIGKILL.
 *
 * It stays in our process group, so that whoever ends the group ends it as well.
 */
export class ManagedProcess {
  readonly name: string;
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  #stdout = '';
  #output = '';
  #end: ProcessEnd | undefined;

  constructor({ name, command, args, cwd, env }: ProcessOptions) {
    this.name = name;
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(this);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.ended = once(child, 'close').then(([code, signal]: unknown[]) => {
      running.delete(this);
      this.#end = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      return this.#end;
    });
    // whoever awaits it hears of a command that could not be started; nobody has to
    this.ended.catch(() => running.delete(this));
  }

  /** All it has written to stdout so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** All it has written so far, to stdout and stderr. */
  get output(): string {
    return this.#output;
  }

  /** The last of what it wrote, for an error message. */
  get outputTail(): string {
    return this.#output.slice(-SHOWN_CHARACTERS);
  }

  get isRunning(): boolean {
    return this.#end === undefined;
  }

  /** Gives it its whole standard input. */
  writeInput(text: string): void {
    // it may end without reading all; its exit code tells
    this.#child.stdin?.on('error', () => undefined).end(text);
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Asks it to stop and waits until it has; may be called twice. */
  async stop(): Promise<ProcessEnd> {
    if (this.#end !== undefined) return this.#end;
    this.#child.kill('SIGTERM');
    const killer = setTimeout(() => {
      this.kill();
    }, STOP_TIMEOUT_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(killer);
    }
  }
}

/** Stops processes, all at once; waits until the last has ended. */
export async function stopAll(processes: readonly ManagedProcess[]): Promise<void> {
  await Promise.all(processes.map((process) => process.stop()));
}

/** Stops whatever a spec has left running. */
export function stopRunning(): Promise<void> {
  return stopAll([...running]);
}
