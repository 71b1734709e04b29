import { InMemoryTransport } from '@celeriac/in-memory-transport';
import type { Clock } from '@celeriac/primitives';
import { encodeTaskMessage, parseJson, type ResultMessage, type TaskCall } from '@celeriac/protocol';
import { RpcResultStore } from '@celeriac/result-backend';
import type { ImplementedHolder, TaskContext } from '@celeriac/task-registry';
import { RecordingLogger, until } from '@celeriac/testing';
import type { WorkerSettings } from '../worker-settings.ts';
import { Worker } from '../worker.ts';
import type { FakePool } from './fake-pool.ts';
import { holderOf } from './received-task.ts';

export interface WorkerFixtureOptions {
  readonly settings?: Partial<WorkerSettings>;
  readonly clock?: Clock;
  readonly pool?: FakePool;
}

/** A run of the task `work` that the spec ends when it likes. */
export interface HeldRun {
  readonly id: string;
  readonly context: TaskContext;
  finish(value?: unknown): void;
  fail(error: Error): void;
}

/** A worker on an in-memory broker; its task `work` runs until the spec ends it. */
export class WorkerFixture {
  readonly transport = new InMemoryTransport();
  readonly logger = new RecordingLogger();
  readonly worker: Worker;
  /** Every run of `work` so far, in order. */
  readonly runs: HeldRun[] = [];

  constructor({ settings = {}, clock, pool }: WorkerFixtureOptions = {}, holder?: ImplementedHolder) {
    this.worker = new Worker({
      transport: this.transport,
      store: new RpcResultStore({ transport: this.transport }),
      holders: [holder ?? holderOf((context) => this.#hold(context))],
      nodeName: 'w1@host',
      settings,
      executionPool: pool,
      logger: this.logger,
      ...(clock === undefined ? {} : { clock }),
    });
    this.transport.broker.declare(
      {
        exchanges: [],
        queues: ['shop', 'replies'].map((name) => ({
          name,
          durable: true,
          exclusive: false,
          autoDelete: false,
        })),
        bindings: [],
      },
      this,
    );
  }

  /** Starts the worker; resolves when it consumes. */
  async start(): Promise<this> {
    await this.worker.start();
    return this;
  }

  /** Sends calls of `work`. */
  send(...ids: string[]): void {
    for (const id of ids) this.sendCall({ id });
  }

  sendCall(call: Partial<TaskCall> & { readonly id: string }): void {
    const given = { name: 'work', args: [], kwargs: {}, origin: 'spec@host', replyTo: 'replies', ...call };
    this.transport.put('shop', encodeTaskMessage(given));
  }

  /** Waits until so many runs of `work` have begun. */
  async begun(count: number): Promise<void> {
    await until(() => this.runs.length >= count, { what: `${String(count)} runs have begun` });
  }

  /** The run of a call; the last one when it was given out again. */
  run(id: string): HeldRun {
    const run = this.runs.findLast((each) => each.id === id);
    if (run === undefined) throw new Error(`${id} has not run`);
    return run;
  }

  /** Results that callers have got, in order. */
  get results(): Pick<ResultMessage, 'status' | 'result'>[] {
    return this.transport.messagesIn('replies').map(({ body, properties }) => {
      const { status, result } = parseJson(body.toString()) as ResultMessage;
      return { id: properties.correlationId, status, result };
    });
  }

  /** Ids of messages that were settled, with how, in order. */
  get settled(): string[] {
    return this.transport.journal.entries.flatMap((entry) =>
      entry.event === 'acked' || entry.event === 'rejected'
        ? [`${entry.event} ${String(entry.message.headers['id'])}`]
        : [],
    );
  }

  /** Ids of the calls that wait at the broker. */
  get waiting(): unknown[] {
    return this.transport.messagesIn('shop').map(({ headers }) => headers['id']);
  }

  #hold(context: TaskContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.runs.push({ id: context.request.id, context, finish: resolve, fail: reject });
    });
  }
}
