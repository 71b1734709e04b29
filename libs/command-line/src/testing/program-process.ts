import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';

/** How the program ended. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest wait for the program to print something or to end, in ms. */
const deadlineMs = 60_000;

/** `celeriac` from its sources, in a process of its own. */
export class ProgramProcess {
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;
  readonly #printing = new EventEmitter();
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const loader = ['--import', '@swc-node/register/esm-register', '--conditions', '@celeriac/source'];
    const child = spawn(process.execPath, [...loader, join(__dirname, '..', 'celeriac.ts'), ...args], {
      cwd: join(__dirname, '..', '..'),
      env: { PATH: process.env['PATH'], ...env }, // eslint-disable-line no-restricted-properties -- for specs alone
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#printing.emit('printed');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#printing.emit('printed');
    });
    this.ended = once(child, 'close').then(([code, signal]: unknown[]) => {
      this.#printing.emit('printed');
      return {
        code: code as number | null,
        signal: signal as NodeJS.Signals | null,
        stdout: this.#stdout,
        stderr: this.#stderr,
      };
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until it has printed something. @throws Error with all it printed, when it ends without, or in vain */
  async untilPrinted(text: string): Promise<void> {
    const signal = AbortSignal.timeout(deadlineMs);
    for (;;) {
      const output = this.#stdout + this.#stderr;
      if (output.includes(text)) return;
      if (this.#child.exitCode !== null || signal.aborted)
        throw new Error(`the program did not print ${text}, but\n${output}`);
      await once(this.#printing, 'printed', { signal }).catch(() => undefined); // said above
    }
  }

  /** Sends a signal, and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProgramEnd> {
    this.#child.kill(signal);
    return this.ended;
  }
}
