import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { describeEnd, isRunning } from './child-state.ts';
import { LocalStackError } from './local-stack-error.ts';
import { signalGroup } from './process-group.ts';
import type { ProcessGuard } from './process-guard.ts';
import { waitUntil } from './wait-until.ts';

export interface StackProcessOptions {
  /** As it is called in messages: `addition`. */
  readonly name: string;
  /** The program's built file. */
  readonly entry: string;
  readonly env: NodeJS.ProcessEnv;
  /** Answers 200 when the process is ready: `http://127.0.0.1:…/health/ready`. */
  readonly readyUrl: string;
  readonly guard: ProcessGuard;
}

const READY_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;

/**
 * A Node program of the stack. It runs in a process group of its own: a Ctrl-C in the terminal reaches this program alone, which
 * then ends the others in order. Its log goes to standard error.
 */
export class StackProcess {
  readonly name: string;
  /** Resolves when it has ended, with how: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  readonly #readyUrl: string;

  private constructor(child: ChildProcess, { name, readyUrl, guard }: StackProcessOptions) {
    this.name = name;
    this.#child = child;
    this.#readyUrl = readyUrl;
    this.ended = once(child, 'exit').then(() => {
      if (child.pid !== undefined) guard.drop(child.pid);
      return describeEnd(child);
    });
  }

  /** Starts it; does not wait until it is ready. @throws the system's error when it cannot be started */
  static async start(options: StackProcessOptions): Promise<StackProcess> {
    const child = spawn(process.execPath, [options.entry], {
      env: options.env,
      stdio: ['ignore', process.stderr, process.stderr],
      detached: true,
    });
    const started = new StackProcess(child, options);
    await once(child, 'spawn');
    if (child.pid !== undefined) options.guard.add(child.pid);
    return started;
  }

  /** @throws LocalStackError when it ends instead, or takes more than a minute; the signal's reason when it is aborted */
  async waitUntilReady(signal: AbortSignal): Promise<void> {
    const isReady = async (): Promise<boolean> => {
      if (!isRunning(this.#child))
        throw new LocalStackError(`${this.name} ended with ${describeEnd(this.#child)} while starting`);
      return answersOk(this.#readyUrl);
    };
    await waitUntil(isReady, { what: `${this.name} is ready`, timeoutMs: READY_TIMEOUT_MS, signal });
  }

  /** Asks it to end: SIGTERM, a worker's warm shutdown. */
  terminate(): void {
    if (isRunning(this.#child)) this.#child.kill('SIGTERM');
  }

  /** Ends it, and whatever it started, at once. */
  kill(): void {
    if (isRunning(this.#child) && this.#child.pid !== undefined) signalGroup(this.#child.pid, 'SIGKILL');
  }
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // it does not listen yet
  }
}
