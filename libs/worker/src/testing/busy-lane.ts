import type { ResultMessage, TaskCall } from '@celeriac/protocol';
import { encodeTaskMessage } from '@celeriac/protocol';
import { FaultProxy, RecordingLogger } from '@celeriac/testing';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createWorker, type CreateWorkerOptions } from '../create-worker.ts';
import type { Worker } from '../worker.ts';
import { tasks } from './busy-tasks.ts';
import { Caller, testBrokerUrl } from './caller.ts';
import { withAdmin } from './fault-lane.ts';
import { patiently } from './patiently.ts';
import type { PoolBundle } from './pool-fixture.ts';

/** States after which no other comes. */
const finalStates = new Set(['SUCCESS', 'FAILURE', 'REVOKED']);

/** A worker with a pool of two and a caller, with a queue of their own; the worker behind a proxy. */
export class BusyLane {
  readonly queue = `celeriac-busy-${randomUUID()}`;
  readonly logger = new RecordingLogger();
  readonly caller = new Caller(testBrokerUrl());
  readonly worker: Worker;
  readonly #proxy: FaultProxy;
  #closing: Promise<void> | undefined;

  private constructor(proxy: FaultProxy, bundle: PoolBundle, options: Partial<CreateWorkerOptions>) {
    this.#proxy = proxy;
    const brokerUrl = new URL(testBrokerUrl());
    brokerUrl.host = `127.0.0.1:${String(proxy.port)}`;
    this.worker = createWorker([tasks], {
      brokerUrl: brokerUrl.href,
      queues: [this.queue],
      nodeName: 'busy@spec',
      workerConcurrency: 2,
      taskTrackStarted: true,
      tasksModule: join(bundle.folder, 'busy-tasks.js'),
      logger: this.logger,
      ...options,
    });
  }

  /** Resolves when the tasks are loaded, and worker and caller consume. */
  static async open(bundle: PoolBundle, options: Partial<CreateWorkerOptions>): Promise<BusyLane> {
    const { hostname: host, port } = new URL(testBrokerUrl());
    const proxy = await FaultProxy.listen({ host, port: Number(port) || 5672 });
    const lane = new BusyLane(proxy, bundle, options);
    await Promise.all([lane.worker.start(), lane.caller.connect()]);
    return lane;
  }

  /** Connections that the worker has made, one for consuming and one for publishing; more when one was lost. */
  get connectionCount(): number {
    return this.#proxy.connectionCount;
  }

  /** Sends a call; resolves with its id when the broker has confirmed it. */
  async call(name: string, args: readonly unknown[] = [], more: Partial<TaskCall> = {}): Promise<string> {
    const id = randomUUID();
    const call = {
      name,
      id,
      args,
      kwargs: {},
      origin: 'spec@host',
      replyTo: this.caller.replyQueue,
      ...more,
    };
    const publisher = this.caller.transport.publisher({ confirm: true });
    await publisher.publish({
      exchange: '',
      routingKey: this.queue,
      mandatory: true,
      ...encodeTaskMessage(call),
    });
    await publisher.close();
    return id;
  }

  /** The states that callers have been told, in order. */
  statesOf(id: string): string[] {
    return (this.caller.results.get(id) ?? []).map(({ status }) => status);
  }

  /** Waits until a task runs. */
  async started(id: string): Promise<void> {
    await patiently(`${id} has started`, () => this.statesOf(id).includes('STARTED'));
  }

  /** What a task has come to. */
  outcomeOf(id: string): ResultMessage | undefined {
    return this.caller.results.get(id)?.find(({ status }) => finalStates.has(status));
  }

  /** Waits for it. */
  async ended(id: string): Promise<ResultMessage | undefined> {
    await patiently(`${id} has ended`, () => this.outcomeOf(id) !== undefined);
    return this.outcomeOf(id);
  }

  /** Calls a task and waits for what it comes to. */
  async run(name: string, args: readonly unknown[] = []): Promise<ResultMessage | undefined> {
    return this.ended(await this.call(name, args));
  }

  /** Stops the worker, closes all and deletes the queue. Does it once. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.worker.stop({ timeoutMs: 5000 });
    await withAdmin(async (channel) => {
      await channel.deleteQueue(this.queue);
      await channel.deleteExchange(this.queue);
    });
    await this.caller.close();
    await this.#proxy.close();
  }
}
