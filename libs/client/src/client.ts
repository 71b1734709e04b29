import {
  AmqpTransport,
  OperationalError,
  type MessagePublisher,
  type PublishMessage,
  type Transport,
} from '@celeriac/amqp-transport';
import {
  afterTaskPublish,
  beforeTaskPublish,
  IllegalStateError,
  logReceiverErrors,
  Signal,
  silentLogger,
  systemClock,
  type Clock,
  type ReceiverErrorHandler,
  type TaskPublishSignals,
} from '@celeriac/primitives';
import {
  encodeTaskMessage,
  callersTopology,
  nothingToDeclare,
  taskDestination,
  type TaskDestination,
} from '@celeriac/protocol';
import { RpcReplyQueue } from '@celeriac/result-backend';
import type { TaskDeclarations, TaskHolder } from '@celeriac/task-registry';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { checkApplyOptions, resolveTimes, type ApplyOptions } from './apply-options.ts';
import type { AsyncResult } from './async-result.ts';
import { resolveClientOptions, type ClientOptions, type ClientSettings } from './client-options.ts';
import { QueueDeclarations } from './queue-declarations.ts';
import { ResultCache } from './result-cache.ts';
import { createTaskCallers, type TaskCallers } from './task-caller.ts';

/** Sends tasks and receives their results. */
export class Client {
  /** Celery's signals of whoever calls; a receiver of the first may set headers. */
  readonly signals: TaskPublishSignals = {
    beforeTaskPublish: new Signal('before_task_publish'),
    afterTaskPublish: new Signal('after_task_publish'),
  };
  readonly #onReceiverError: ReceiverErrorHandler;
  readonly #settings: ClientSettings;
  readonly #clock: Clock;
  readonly #origin: string;
  readonly #transport: Transport;
  readonly #publisher: MessagePublisher;
  readonly #declarations: QueueDeclarations;
  readonly #results: ResultCache;
  readonly #queueByTask = new Map<string, string>();
  /** Queues to declare before anyone calls. */
  readonly #queuesAhead: readonly string[];
  readonly #replies: RpcReplyQueue | undefined;
  /**
   * Where the answers of calls go whose results are not kept: no queue has this name, so the broker drops them. The call
   * itself looks like any other.
   */
  readonly #unreadReplies = randomUUID();
  #closing: Promise<void> | undefined;

  /**
   * Makes a client that begins to connect at once, and keeps trying; see {@link Client.connect} to wait for it.
   *
   * @throws ImproperlyConfiguredError when the broker URL or the result backend is none, or a number is out of range
   */
  constructor(options: ClientOptions) {
    const { logger = silentLogger, clock = systemClock } = options;
    const settings = resolveClientOptions(options); // before anything connects, as nobody could close it
    const { resultExpiresMs: expiresMs, publishTimeoutMs: timeoutMs, failFast } = settings;
    this.#settings = settings;
    this.#clock = clock;
    this.#onReceiverError = logReceiverErrors(logger);
    this.#origin = `gen${process.pid}@${hostname()}`;
    this.#transport = options.transport ?? new AmqpTransport({ ...options, name: this.#origin, logger });
    this.#publisher = this.#transport.publisher({ confirm: true, timeoutMs, failFast });
    const { resultCacheMax: maxSize, resultCacheMaxBytes: maxBytes } = settings;
    this.#results = new ResultCache({ maxSize, maxBytes, expiresMs, clock, logger });
    for (const { tasks } of options.holders ?? []) {
      for (const { name, queue } of Object.values(tasks))
        if (!this.#queueByTask.has(name)) this.#queueByTask.set(name, queue);
    }
    const defined = (options.taskQueues ?? []).map((queue) =>
      typeof queue === 'string' ? queue : queue.name,
    );
    this.#queuesAhead = [...new Set([...defined, ...this.#queueByTask.values()])];
    this.#replies = settings.hasResults
      ? new RpcReplyQueue({
          transport: this.#transport,
          name: randomUUID(),
          resultExpiresMs: expiresMs,
          acceptContent: this.#settings.resultAcceptContent,
          logger,
          onResult: (correlationId, result) => {
            this.#results.receive(correlationId, result);
          },
        })
      : undefined;
    this.#declarations = new QueueDeclarations({
      transport: this.#transport,
      replies: this.#replies,
      timeoutMs,
      failFast,
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

  /** Resolves once calls can be sent and results can arrive; rejects when the client is closed first. */
  connected(): Promise<void> {
    return this.#declarations.connected();
  }

  /**
   * Declares `taskQueues` and the queues of the client's holders, so that no call has to wait for that: calls declare a
   * queue when they are the first to it. Waits for the broker as long as it takes.
   *
   * @throws OperationalError when a queue exists with other properties; rejects too when the client is closed first
   */
  async declareQueues(): Promise<void> {
    const { queues } = this.#settings;
    const declarations = this.#queuesAhead.map((name) => {
      const queue = queues.get(name);
      return { name: queue.name, topology: () => callersTopology(queue) };
    });
    await this.#declarations.declareAhead(declarations);
  }

  /** The tasks of a holder, to be called by reference: `client.tasks(mathTasks).add.delay(7, 2)`. */
  tasks<T extends TaskDeclarations>(holder: TaskHolder<T>): TaskCallers<T> {
    return createTaskCallers(this, holder);
  }

  /** The result of a call that this client sent, while it is kept. */
  findResult(taskId: string): AsyncResult | undefined {
    return this.#results.get(taskId);
  }

  /** Drops the result of a call before `resultExpiresMs` and `resultCacheMax` do; unknown ids are ignored. */
  forgetResult(taskId: string): void {
    this.#results.forget(taskId);
  }

  /**
   * Sends a task by name; arguments go as they are. Resolves once the broker has confirmed the message.
   *
   * With `keepResult: false` the message asks for a result as any other does, but the result is neither received nor kept.
   *
   * @throws OperationalError when the broker does not take it; after a timeout or a lost connection it may have it
   * @throws EncodeError when an argument cannot be written
   * @throws ImproperlyConfiguredError when an option is out of range
   * @throws QueueNotFoundError when the queue is not known and may not be created
   * @throws IllegalStateError when the client is closed
   */
  async sendTask(
    name: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    given: ApplyOptions = {},
    { tupleArgs = false, queue, keepResult = true }: CallForm = {},
  ): Promise<AsyncResult> {
    if (this.#closing !== undefined)
      throw new IllegalStateError(`the client is closed; ${name} was not sent`);
    checkApplyOptions(given);
    const settings = this.#settings;
    const routed = settings.routing.resolveRoute(name, args, kwargs, given);
    const { options } = routed;
    if (options !== given) checkApplyOptions(options);
    const id = options.taskId ?? randomUUID();
    const ignoreResult = options.ignoreResult ?? settings.taskIgnoreResult;
    const now = this.#clock.now();
    const times = resolveTimes(options, now);
    const destination = taskDestination(
      { ...options, delayMs: (times.eta?.getTime() ?? now) - now },
      routed.queue ?? settings.queues.get(queue ?? this.#queueByTask.get(name) ?? settings.taskDefaultQueue),
      settings.delayQueueType,
    );
    const encoded: PublishMessage = {
      ...encodeTaskMessage({
        name,
        id,
        args,
        kwargs,
        ...times,
        now: new Date(now),
        priority: options.priority ?? settings.taskDefaultPriority,
        serializer: options.serializer ?? settings.taskSerializer,
        compression: options.compression ?? settings.taskCompression,
        headers: options.headers,
        shadow: options.shadow,
        ignoreResult,
        tupleArgs,
        replyTo: keepResult ? this.#replies?.name : this.#replies && this.#unreadReplies,
        origin: this.#origin,
      }),
      exchange: destination.exchange,
      routingKey: destination.routingKey,
      mandatory: destination.mandatory,
    };
    const { declaration } = destination;
    if (!this.#declarations.has(declaration)) await this.#declarations.declare(declaration);
    const message = beforeTaskPublish(this.signals, encoded, this.#onReceiverError);
    const kept = keepResult
      ? this.#results.open(id, name, ignoreResult || this.#replies === undefined)
      : this.#results.openUnkept(id, name);
    try {
      await this.#publish(destination, message);
    } catch (error) {
      this.#results.abandon(kept);
      throw error;
    }
    this.#results.confirm(kept);
    afterTaskPublish(this.signals, message, this.#onReceiverError);
    return kept.result;
  }

  /**
   * Waits until what was sent is confirmed, at most `drainMs` (default 5000), and closes. Calls that still wait for the
   * broker and results that have not come reject. May be called twice.
   */
  close(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  async #close(options: { readonly drainMs?: number }): Promise<void> {
    this.#declarations.close(
      new IllegalStateError('the client was closed before the broker could be reached; nothing was sent'),
    );
    await this.#publisher.close(options);
    await this.#replies?.close();
    this.#results.loseAll('the client was closed before its result came');
    await this.#transport.close();
  }

  async #publish({ declaration }: TaskDestination, message: PublishMessage): Promise<void> {
    try {
      await this.#publisher.publish(message);
    } catch (error) {
      if (declaration === nothingToDeclare || !isUndeclared(error)) throw error;
      // queue or exchange were deleted since they were declared
      this.#declarations.forget(declaration);
      await this.#declarations.declare(declaration);
      await this.#publisher.publish(message);
    }
  }
}

/** How a call is written and what becomes of its result, beside its options. */
interface CallForm {
  readonly tupleArgs?: boolean;
  /** Where the task goes that is neither given nor routed a queue. */
  readonly queue?: string;
  readonly keepResult?: boolean;
}

/** No queue took the message, or its exchange is not there. */
function isUndeclared(error: unknown): boolean {
  if (!(error instanceof OperationalError)) return false;
  return (
    error.code === 'ERR_PUBLISH_UNROUTABLE' ||
    (error.code === 'ERR_PUBLISH_REFUSED' && error.replyCode === 404)
  );
}
