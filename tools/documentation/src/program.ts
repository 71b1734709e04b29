import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

export interface ProgramOptions {
  readonly cwd: string;
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv;
}

const startTimeoutMs = 90_000;
const stopTimeoutMs = 30_000;
const pollMs = 50;
const running = new Set<ChildProcess>();

// a test that is ended in the middle takes what it started with it
process.once('exit', () => {
  for (const child of running) signalGroup(child, 'SIGKILL');
});

/** A command line that a test started, in a process group of its own, as a terminal does it. */
export class Program {
  readonly #line: string;
  readonly #child: ChildProcess;
  /** Exit code; null when a signal ended it. */
  readonly #ended: Promise<number | null>;
  #stdout = '';
  #output = '';
  #hasEnded = false;

  /** Starts `line` with the shell. */
  constructor(line: string, { cwd, env }: ProgramOptions) {
    this.#line = line;
    const child = spawn('sh', ['-c', line], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    running.add(child);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.#ended = once(child, 'close').then(([code]: unknown[]) => {
      running.delete(child);
      this.#hasEnded = true;
      return code as number | null;
    });
  }

  /** Waits for its end. @returns what it wrote to standard output @throws Error with all it wrote, when it fails */
  async finish(): Promise<string> {
    const code = await this.#ended;
    if (code !== 0) throw this.#failure(`ended with ${code ?? 'a signal'}`);
    return this.#stdout;
  }

  /** Waits for a line on standard output that matches. @throws Error when it ends first, or takes more than 90 s */
  async line(pattern: RegExp): Promise<string> {
    const deadline = performance.now() + startTimeoutMs;
    for (;;) {
      const found = this.#stdout.split('\n').find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.#hasEnded) throw this.#failure(`ended without the line ${String(pattern)}`);
      if (performance.now() > deadline)
        throw this.#failure(`did not write the line ${String(pattern)} in time`);
      await delay(pollMs);
    }
  }

  /** Sends a signal to the whole group, as Ctrl-C does; SIGKILL after 30 s. @returns the exit code */
  async end(signal: 'SIGINT' | 'SIGTERM'): Promise<number | null> {
    if (!this.#hasEnded) signalGroup(this.#child, signal);
    const killer = setTimeout(() => {
      signalGroup(this.#child, 'SIGKILL');
    }, stopTimeoutMs);
    try {
      return await this.#ended;
    } finally {
      clearTimeout(killer);
    }
  }

  #failure(what: string): Error {
    return new Error(`${this.#line}\n${what}; it wrote:\n${this.#output.slice(-4000)}`);
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group has ended this instant
  }
}
