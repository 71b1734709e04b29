/** What a thread or process of a pool does: it loads the tasks, and runs one at a time. */
import { inspect } from 'node:util';
import { coerceError, guardLogger, type LogFields, type Logger } from '@celeriac/primitives';
import { openTaskMessage, PythonError, writeJson, type OpenTaskOptions } from '@celeriac/protocol';
import { TaskRegistry, type RegisteredTask } from '@celeriac/task-registry';
import { RunContext, type RunHost, type RunSubject } from '../run/run-context.ts';
import { runTask } from '../run/run-task.ts';
import { RunTrace } from '../run/run-trace.ts';
import type { EscapeOrigin } from '../run/stray-errors.ts';
import { loadHolders } from './load-holders.ts';
import { decodeThrown, encodeThrown, encodeValue, type Outcome } from './outcome-wire.ts';
import {
  decodeJob,
  type AbortMessage,
  type ChildStart,
  type Job,
  type JobMessage,
  type RunMessage,
} from './pool-messages.ts';

/** @returns a promise of our own, whatever the task gives */
async function started(subject: RunSubject, host: RunHost): Promise<unknown> {
  return await runTask(subject, () => new RunContext(subject, host));
}

interface CurrentRun {
  readonly job: number;
  readonly host: ChildRunHost;
  task: { readonly taskId: string; readonly task: string } | undefined;
  /** Ends it with an error, unless it has ended. */
  fail: (error: Error) => void;
}

export class PoolChild {
  readonly #registry: TaskRegistry;
  readonly #openOptions: OpenTaskOptions;
  readonly #nodeName: string;
  readonly #send: (message: RunMessage) => void;
  readonly #trace = new RunTrace<CurrentRun>();
  #current: CurrentRun | undefined;
  /** Name of the task that ended last. */
  #lastEnded: string | undefined;
  #lastJob = -1;
  /** An abort that came before the run that it is for: the two may come by ways of their own. */
  #early: AbortMessage | undefined;

  private constructor(registry: TaskRegistry, start: ChildStart, send: (message: RunMessage) => void) {
    this.#registry = registry;
    this.#openOptions = {
      acceptContent: start.acceptContent,
      maxBodyBytes: start.maxBodyBytes,
      maxBodyValues: start.maxBodyValues,
    };
    this.#nodeName = start.nodeName;
    this.#send = send;
    this.#trace.start();
  }

  /**
   * @param send takes what a task says while it runs
   * @throws ImproperlyConfiguredError when the tasks cannot be loaded
   */
  static async load(start: ChildStart, send: (message: RunMessage) => void): Promise<PoolChild> {
    const registry = new TaskRegistry();
    for (const holder of await loadHolders(start.tasksModule)) registry.register(holder);
    return new PoolChild(registry, start, send);
  }

  /** Runs a task to its end. Never rejects: whatever it throws is its outcome. */
  async run(job: Job): Promise<Outcome> {
    let task: RegisteredTask | undefined;
    const host = new ChildRunHost(this.#nodeName, this.#send);
    const current: CurrentRun = { job: job.number, host, task: undefined, fail: () => undefined };
    this.#current = current;
    this.#lastJob = job.number;
    const early = this.#early;
    this.#early = undefined;
    if (early !== undefined) this.abort(early);
    try {
      const { isResultWanted, ...delivered } = decodeJob(job);
      const subject = this.#read(delivered);
      task = subject.task;
      current.task = { taskId: subject.request.id, task: task.name };
      const running = this.#trace.call(current, () => started(subject, host));
      const value = await new Promise((resolve, reject) => {
        current.fail = reject;
        running.then(resolve, reject);
      });
      return encodeValue(task, isResultWanted ? value : null);
    } catch (error) {
      return encodeThrown(error, task?.options.throws);
    } finally {
      host.end();
      this.#current = undefined;
      this.#lastEnded = current.task?.task;
    }
  }

  /**
   * An error that nothing caught: the worker logs it, and a run whose callback threw it fails with it, as it may wait for
   * that callback for ever. Never throws.
   */
  escaped(caught: unknown, origin: EscapeOrigin): void {
    const err = coerceError(caught);
    const run = this.#trace.current;
    const from = run?.task ?? { running: this.#current?.task, lastEnded: this.#lastEnded };
    const fields = portable({ pid: process.pid, origin, ...from, err: { type: err.name, message: err.message, stack: err.stack } }); // prettier-ignore
    const message = 'an error escaped from a task in the pool, its thread or process goes on';
    this.#send({ type: 'log', level: 'error', fields, message });
    if (run === undefined || run !== this.#current || origin !== 'uncaughtException') return;
    run.host.abort(err);
    run.fail(err);
  }

  /** Aborts the signal of the run that it is for, if that has not ended. */
  abort(message: AbortMessage): void {
    const { job, reason } = message;
    if (this.#current?.job === job) this.#current.host.abort(decodeThrown(reason));
    else if (job > this.#lastJob) this.#early = message;
  }

  #read({ message, deliveryInfo }: Omit<JobMessage, 'isResultWanted'>): RunSubject {
    const opened = openTaskMessage(message, this.#openOptions);
    const task = this.#registry.get(opened.name);
    if (task === undefined)
      throw new PythonError('NotRegistered', [opened.name], { excModule: 'celery.exceptions' });
    const { exchange, routingKey, redelivered } = deliveryInfo;
    const delivery = { exchange, routingKey, redelivered, properties: message.properties };
    return { request: opened.readRequest(), body: opened.readBody(), task, delivery };
  }
}

/** The host of one run: what it is asked for goes to the worker, until the run has ended. */
class ChildRunHost implements RunHost {
  readonly nodeName: string;
  readonly logger: Logger;
  readonly #send: (message: RunMessage) => void;
  #controller: AbortController | undefined;
  #hasEnded = false;

  constructor(nodeName: string, send: (message: RunMessage) => void) {
    this.nodeName = nodeName;
    this.#send = send;
    this.logger = guardLogger({
      debug: this.#log('debug'),
      info: this.#log('info'),
      warn: this.#log('warn'),
      error: this.#log('error'),
    });
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  /** A task may have left something running behind; what that stores would be taken for the next run's. */
  end(): void {
    this.#hasEnded = true;
  }

  updateState(state: string, meta: unknown): void {
    if (!this.#hasEnded) this.#send({ type: 'state', state, meta: writeJson(meta) });
  }

  #log(level: keyof Logger): (fields: LogFields, message: string) => void {
    return (fields, message) => {
      this.#send({ type: 'log', level, fields: portable(fields), message });
    };
  }
}

/** The fields of a log line, those that cannot leave the thread or process as text. */
function portable(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      try {
        return [name, structuredClone(value)];
      } catch {
        return [name, inspect(value, { depth: 2 })]; // a function, a promise, a proxy
      }
    }),
  );
}
