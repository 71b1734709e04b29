import { fork, type ChildProcess } from 'node:child_process';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import type { ChildEnd, ChildHandle } from './child-handle.ts';
import { encodeThrown } from './outcome-wire.ts';
import type {
  ChildStart,
  Job,
  MessageFromProcess,
  MessageToProcess,
  RunMessage,
  RunReport,
} from './pool-messages.ts';
import { exitStatus } from './worker-lost-error.ts';

interface CurrentRun {
  readonly onMessage: (message: RunMessage) => void;
  readonly onReport: (report: RunReport) => void;
}

/** A process of the pool. What it writes goes where the worker writes. */
export class ProcessChild implements ChildHandle {
  readonly pid: number;
  readonly ready: Promise<void>;
  readonly ended: Promise<ChildEnd>;
  readonly #process: ChildProcess;
  #current: CurrentRun | undefined;

  /**
   * @param execArgv options of node; default those of the worker's own, as far as they are for more than itself
   * @param onIdleMessage told what it says between two runs: of what a task has left behind
   */
  constructor(
    program: URL,
    start: ChildStart,
    execArgv: readonly string[] = inheritedOptions(process.execArgv),
    onIdleMessage: (message: RunMessage) => void = () => undefined,
  ) {
    const child = fork(program, [], {
      execArgv: [...execArgv],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process = child;
    this.pid = child.pid ?? 0; // none: it could not be started, and `ended` says why
    this.ready = new Promise((resolve, reject) => {
      child.on('message', (message) => {
        const said = message as MessageFromProcess;
        if (said.type === 'ready') resolve();
        else if (said.type === 'load-failed') reject(new ImproperlyConfiguredError(said.reason));
        else if (said.type === 'report') this.#reported(said.report);
        else (this.#current?.onMessage ?? onIdleMessage)(said);
      });
    });
    this.ended = endOf(child);
    this.#send({ type: 'start', start });
  }

  run(job: Job, onMessage: (message: RunMessage) => void): Promise<RunReport> {
    return new Promise((resolve) => {
      this.#current = { onMessage, onReport: resolve };
      this.#send({ type: 'run', job });
    });
  }

  abort(job: number, reason: Error): void {
    this.#send({ type: 'abort', job, reason: encodeThrown(reason) });
  }

  retire(): void {
    if (this.#process.connected) this.#process.disconnect();
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #reported(report: RunReport): void {
    const current = this.#current;
    this.#current = undefined;
    current?.onReport(report);
  }

  #send(message: MessageToProcess): void {
    this.#process.send(message, () => undefined); // fails only when it is gone, which `ended` tells
  }
}

function endOf(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      if (child.pid === undefined) resolve({ status: exitStatus(1), error });
    });
    child.once('exit', (code, signal) => {
      const end = { status: exitStatus(code, signal) };
      if (!child.connected) resolve(end);
      // what it said last may still be in the pipe
      else
        child.once('disconnect', () => {
          resolve(end);
        });
    });
  });
}

/** Options of the worker's that are for it alone: a debugger's port, and code given on the command line. */
const ownOptions = /^--(?:inspect|debug-port|watch|test|eval|print|input-type)|^-(?:e|p|pe)$/;
const optionsWithValue = /^(?:--(?:eval|print|input-type|inspect-port|debug-port|watch-path)|-(?:e|p|pe))$/;

/** What a child takes over of `process.execArgv`: loaders, conditions, limits of memory. */
export function inheritedOptions(execArgv: readonly string[]): string[] {
  return execArgv.filter((option, index) => {
    const before = execArgv[index - 1] ?? '';
    return !ownOptions.test(option) && !(optionsWithValue.test(before) && !option.startsWith('-'));
  });
}
