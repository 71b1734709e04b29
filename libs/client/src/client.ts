import {
  AmqpTransport,
  OperationalError,
  type MessagePublisher,
  type PublishMessage,
  type Transport,
} from '@celeriac/amqp-transport';
import { IllegalStateError, silentLogger, systemClock, type Clock, type Logger } from '@celeriac/primitives';
import { encodeTaskMessage } from '@celeriac/protocol';
import { parseResultBackend, RpcReplyQueue } from '@celeriac/result-backend';
import type { TaskDeclarations, TaskHolder } from '@celeriac/task-registry';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { resolveTimes, type ApplyOptions } from './apply-options.ts';
import { AsyncResult } from './async-result.ts';
import { QueueDeclarations } from './queue-declarations.ts';
import { ResultCache } from './result-cache.ts';
import { createTaskCallers, type TaskCallers } from './task-caller.ts';

export interface ClientOptions {
  /** `broker_url`: one URL, or several separated by `;`. */
  readonly brokerUrl: string;
  /** Holders whose tasks `sendTask` can route by name. Default none. */
  readonly holders?: readonly TaskHolder[];
  /** `result_backend`: `rpc://` (default) or `disabled://`. */
  readonly resultBackend?: string;
  /** `task_default_queue`: where tasks go that no holder declares. Default `celery`. */
  readonly taskDefaultQueue?: string;
  /** `task_ignore_result`: no results are asked for, unless a call says otherwise. Default false. */
  readonly taskIgnoreResult?: boolean;
  /** `result_expires`, in ms: how long results are kept. Default one day. */
  readonly resultExpiresMs?: number;
  /** `result_cache_max`: how many results are kept. Default 50 000. */
  readonly resultCacheMax?: number;
  /** A call that the broker has not confirmed in this time is rejected, in ms. Default 30 000. */
  readonly publishTimeoutMs?: number;
  /** Reject calls at once while the broker is away, instead of waiting for it. Default false. */
  readonly failFast?: boolean;
  /** `broker_heartbeat` in seconds. Default 120. */
  readonly brokerHeartbeatSeconds?: number;
  /** `broker_connection_timeout` in ms. Default 4000. */
  readonly brokerConnectionTimeoutMs?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Another transport than RabbitMQ at `brokerUrl`; for tests. */
  readonly transport?: Transport;
}

/** Sends tasks and receives their results. */
export class Client {
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #origin: string;
  readonly #transport: Transport;
  readonly #publisher: MessagePublisher;
  readonly #declarations: QueueDeclarations;
  readonly #results: ResultCache;
  readonly #queueByTask = new Map<string, string>();
  readonly #replies: RpcReplyQueue | undefined;
  #isReplyQueueDeclared = false;
  #closing: Promise<void> | undefined;

  /**
   * Makes a client that begins to connect at once, and keeps trying; see {@link Client.connect} to wait for it.
   *
   * @throws ImproperlyConfiguredError when the broker URL or the result backend is none
   */
  constructor(options: ClientOptions) {
    const { logger = silentLogger, clock = systemClock, failFast = false } = options;
    this.#options = options;
    this.#clock = clock;
    this.#origin = `gen${process.pid}@${hostname()}`;
    this.#transport = options.transport ?? new AmqpTransport({ ...options, name: this.#origin, logger });
    this.#publisher = this.#transport.publisher({
      confirm: true,
      timeoutMs: options.publishTimeoutMs ?? 30_000,
      failFast,
    });
    this.#declarations = new QueueDeclarations(this.#transport);
    const resultExpiresMs = options.resultExpiresMs ?? 86_400_000;
    this.#results = new ResultCache({
      maxSize: options.resultCacheMax ?? 50_000,
      expiresMs: resultExpiresMs,
      clock,
    });
    for (const { tasks } of options.holders ?? []) {
      for (const { name, queue } of Object.values(tasks)) this.#queueByTask.set(name, queue);
    }
    if (parseResultBackend(options.resultBackend ?? 'rpc://') === 'disabled') return;
    this.#replies = new RpcReplyQueue({
      transport: this.#transport,
      name: randomUUID(),
      resultExpiresMs,
      logger,
      onResult: (correlationId, result) => this.#results.get(correlationId)?.receive(result),
    });
  }

  /** A connected client; waits for the broker for as long as that takes. */
  static async connect(options: ClientOptions): Promise<Client> {
    const client = new Client(options);
    await client.connected();
    return client;
  }

  /** True while calls can be sent and their results arrive. */
  get isConnected(): boolean {
    return this.#transport.isConnected && this.#publisher.isReady && (this.#replies?.isConsuming ?? true);
  }

  /** Resolves once results can arrive; rejects when the client is closed first. */
  async connected(): Promise<void> {
    await this.#replies?.whenConsuming();
    this.#isReplyQueueDeclared = true;
  }

  /** The tasks of a holder, to be called by reference: `client.tasks(mathTasks).add.delay(7, 2)`. */
  tasks<T extends TaskDeclarations>(holder: TaskHolder<T>): TaskCallers<T> {
    return createTaskCallers(this, holder);
  }

  /** The result of a call that this client sent, while it is kept. */
  findResult(taskId: string): AsyncResult | undefined {
    return this.#results.get(taskId);
  }

  /**
   * Sends a task by name; arguments go as they are. Resolves once the broker has confirmed the message.
   *
   * @throws OperationalError when the broker does not take it; after a timeout or a lost connection it may have it
   * @throws EncodeError when an argument cannot be written
   * @throws ImproperlyConfiguredError when an option is out of range
   */
  async sendTask(
    name: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: ApplyOptions = {},
    { tupleArgs = false }: { readonly tupleArgs?: boolean } = {},
  ): Promise<AsyncResult> {
    if (this.#closing !== undefined)
      throw new IllegalStateError(`the client is closed; ${name} was not sent`);
    const id = options.taskId ?? randomUUID();
    const ignoreResult = options.ignoreResult ?? this.#options.taskIgnoreResult ?? false;
    const queue = options.queue ?? this.#queueByTask.get(name) ?? this.#options.taskDefaultQueue ?? 'celery';
    const now = this.#clock.now();
    const message = encodeTaskMessage({
      name,
      id,
      args,
      kwargs,
      ...resolveTimes(options, now),
      now: new Date(now),
      priority: options.priority,
      headers: options.headers,
      shadow: options.shadow,
      ignoreResult,
      tupleArgs,
      replyTo: this.#replies?.name,
      origin: this.#origin,
    });
    if (!this.#isReplyQueueDeclared) await this.#waitForReplyQueue();
    const result = new AsyncResult(id, name, ignoreResult || this.#replies === undefined);
    this.#results.add(result);
    try {
      await this.#publish(queue, { ...message, exchange: '', routingKey: queue, mandatory: true });
    } catch (error) {
      this.#results.delete(id);
      throw error;
    }
    return result;
  }

  /** Waits until what was sent is confirmed, at most `drainMs` (default 5000), and closes. May be called twice. */
  close(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  async #close(options: { readonly drainMs?: number }): Promise<void> {
    await this.#publisher.close(options);
    await this.#replies?.close();
    this.#results.loseAll('the client was closed before its result came');
    await this.#transport.close();
  }

  /** A reply to a queue that does not exist yet would be dropped. */
  async #waitForReplyQueue(): Promise<void> {
    if (this.#options.failFast === true && !this.isConnected) {
      throw new OperationalError(
        'ERR_CONNECTION_CLOSED',
        'not connected to the broker yet; nothing was sent',
      );
    }
    await this.connected();
  }

  async #publish(queue: string, message: PublishMessage): Promise<void> {
    if (!this.#declarations.has(queue)) await this.#declarations.declare(queue);
    try {
      await this.#publisher.publish(message);
    } catch (error) {
      if (!(error instanceof OperationalError) || error.code !== 'ERR_PUBLISH_UNROUTABLE') throw error;
      // the queue was deleted since it was declared
      this.#declarations.forget(queue);
      await this.#declarations.declare(queue);
      await this.#publisher.publish(message);
    }
  }
}
