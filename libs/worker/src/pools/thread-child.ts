import { MessageChannel, receiveMessageOnPort, type MessagePort, type Worker } from 'node:worker_threads';
import { IllegalStateError, ImproperlyConfiguredError } from '@celeriac/primitives';
import { Piscina } from 'piscina';
import type { ChildEnd, ChildHandle } from './child-handle.ts';
import { encodeThrown } from './outcome-wire.ts';
import type { AbortMessage, ChildStart, Job, RunMessage, RunReport } from './pool-messages.ts';
import type { ThreadStart } from './pool-thread.ts';
import { exitStatus } from './worker-lost-error.ts';

/**
 * A thread of the pool: a piscina of one. One of many cannot be resized, nor have one of its threads replaced, so each
 * place in the pool has its own, and is replaced with it.
 */
export class ThreadChild implements ChildHandle {
  readonly pid = process.pid;
  readonly ready: Promise<void>;
  readonly ended: Promise<ChildEnd>;
  readonly #piscina: Piscina;
  readonly #port: MessagePort;
  readonly #onIdleMessage: (message: RunMessage) => void;
  #onMessage: ((message: RunMessage) => void) | undefined;

  /**
   * @param execArgv options of node; default those of the worker's own
   * @param onIdleMessage told what it says between two runs: of what a task has left behind
   */
  constructor(
    program: URL,
    start: ChildStart,
    execArgv?: readonly string[],
    onIdleMessage: (message: RunMessage) => void = () => undefined,
  ) {
    this.#onIdleMessage = onIdleMessage;
    const piscina = new Piscina({
      filename: program.href,
      minThreads: 1,
      maxThreads: 1,
      // a thread that waits must still do what tasks have left behind: close sockets, keep connections alive
      atomics: 'disabled',
      recordTiming: false,
      ...(execArgv !== undefined && { execArgv: [...execArgv] }),
    });
    // what it did not catch comes with the thread's own event, see endOf
    piscina.on('error', () => undefined);
    // or piscina puts another in its place, which is for the pool to do
    piscina.once('workerDestroy', () => {
      this.kill();
    });
    this.#piscina = piscina;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (message: RunMessage) => {
      (this.#onMessage ?? this.#onIdleMessage)(message);
    });
    port1.unref();
    this.ended = endOf(piscina.threads[0]).finally(() => {
      this.#drain();
      port1.close();
    });
    this.ready = this.#started({ start, port: port2 });
  }

  async run(job: Job, onMessage: (message: RunMessage) => void): Promise<RunReport> {
    this.#onMessage = onMessage;
    const report = await this.#inThread<RunReport>('runInThread', job, [job.bytes.buffer]);
    this.#drain();
    this.#onMessage = undefined;
    return report;
  }

  abort(job: number, reason: Error): void {
    const message: AbortMessage = { type: 'abort', job, reason: encodeThrown(reason) };
    this.#port.postMessage(message);
  }

  retire(): void {
    this.kill(); // it does nothing: it is between two tasks
  }

  kill(): void {
    void this.#piscina.destroy();
  }

  async #started(start: ThreadStart): Promise<void> {
    const failure = await this.#inThread<string | undefined>('startThread', start, [start.port]);
    if (failure !== undefined) throw new ImproperlyConfiguredError(failure);
  }

  async #inThread<R>(
    name: 'startThread' | 'runInThread',
    message: unknown,
    transferList: (MessagePort | ArrayBuffer)[],
  ): Promise<R> {
    try {
      return (await this.#piscina.run(message, { name, transferList })) as R;
    } catch {
      this.kill(); // as a rule it has ended already; `ended` tells how
      return new Promise(() => undefined);
    }
  }

  /** Hears what was said before: piscina's answers come by another way, and overtake. */
  #drain(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      (this.#onMessage ?? this.#onIdleMessage)(received.message as RunMessage);
    }
  }
}

async function endOf(thread: Worker | undefined): Promise<ChildEnd> {
  if (thread === undefined) throw new IllegalStateError('piscina starts its thread when it is made');
  return new Promise((resolve) => {
    let error: unknown;
    thread.once('error', (uncaught) => {
      error = uncaught;
    });
    thread.once('exit', (code) => {
      resolve({ status: exitStatus(code), error });
    });
  });
}
