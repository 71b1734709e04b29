import {
  OperationalError,
  type MessagePublisher,
  type PublishMessage,
  type Topology,
  type Transport,
} from '@celeriac/amqp-transport';
import {
  afterTaskPublish,
  backoffMs,
  beforeTaskPublish,
  logReceiverErrors,
  type Logger,
  type ReceiverErrorHandler,
  type TaskPublishSignals,
} from '@celeriac/primitives';
import { nothingToDeclare, type Declaration } from '@celeriac/protocol';
import { setTimeout as delay } from 'node:timers/promises';

/** A message that somebody counts on. */
export interface PublishedCall {
  readonly message: PublishMessage;
  /** Declared when the message finds no queue. */
  readonly declaration: Declaration;
}

/** What became of a call. */
export type SendOutcome =
  /** The broker has confirmed it. */
  | { readonly kind: 'sent' }
  /** The broker will never take it. */
  | { readonly kind: 'refused'; readonly error: OperationalError }
  /** The worker closes, and the broker may or may not have it. */
  | { readonly kind: 'unsure'; readonly error: OperationalError };

/** Publishes what a worker owes the broker: confirmed, however long the broker is away. */
export class CallPublisher {
  readonly #transport: Transport;
  readonly #signals: TaskPublishSignals;
  readonly #onReceiverError: ReceiverErrorHandler;
  readonly #declaring = new Map<string, Promise<void>>();
  readonly #closed = new AbortController();
  #publisher: MessagePublisher | undefined;

  constructor(transport: Transport, signals: TaskPublishSignals, logger: Logger) {
    this.#transport = transport;
    this.#signals = signals;
    this.#onReceiverError = logReceiverErrors(logger);
  }

  /** Sends the call of a task, between the signals `before_task_publish` and `after_task_publish`. Never rejects. */
  async sendTask({ message, declaration }: PublishedCall): Promise<SendOutcome> {
    const told = beforeTaskPublish(this.#signals, message, this.#onReceiverError);
    const outcome = await this.send({ message: told, declaration });
    if (outcome.kind === 'sent') afterTaskPublish(this.#signals, told, this.#onReceiverError);
    return outcome;
  }

  /** Resolves when the broker has it, or never will. Never rejects. */
  async send(call: PublishedCall): Promise<SendOutcome> {
    try {
      await this.#publish(call);
      return { kind: 'sent' };
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error; // the transport throws nothing else
      // only a publisher that is closed says so: while the worker lives, messages wait for the connection
      return { kind: error.code === 'ERR_CONNECTION_CLOSED' ? 'unsure' : 'refused', error };
    }
  }

  /**
   * Declares exchanges, queues and bindings, however long the broker is away.
   *
   * @throws OperationalError when the broker refuses them, or with `ERR_CONNECTION_CLOSED` when this is closed first
   */
  async declare(topology: Topology): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#transport.declare(topology);
        return;
      } catch (error) {
        if (!this.#isAway(error) || this.#closed.signal.aborted) throw error;
      }
      await delay(backoffMs(attempt), undefined, { signal: this.#closed.signal }).catch(() => undefined);
    }
  }

  /** Gives up what is not confirmed. May be called twice. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#publisher?.close({ drainMs: 0 });
  }

  async #publish({ message, declaration }: PublishedCall): Promise<void> {
    // it may wait here for the broker to come back, with all the others of its worker: prefetch count bounds them
    this.#publisher ??= this.#transport.publisher({ confirm: true, maxWaiting: Infinity });
    for (let isDeclared = false; ;) {
      try {
        await this.#publisher.publish(message);
        return;
      } catch (error) {
        const isMissing = error instanceof OperationalError && error.code === 'ERR_PUBLISH_UNROUTABLE';
        if (!isMissing || declaration === nothingToDeclare || isDeclared) throw error;
      }
      isDeclared = await this.#declare(declaration);
    }
  }

  /**
   * Declares what a message needs, once for all who need it at the time. False when the connection went meanwhile; the next
   * publish waits for it.
   */
  async #declare({ name, topology }: Declaration): Promise<boolean> {
    let declaring = this.#declaring.get(name);
    if (declaring === undefined) {
      declaring = this.#transport.declare(topology()).finally(() => this.#declaring.delete(name));
      this.#declaring.set(name, declaring);
    }
    try {
      await declaring;
      return true;
    } catch (error) {
      if (this.#isAway(error)) return false;
      throw error;
    }
  }

  /** Whether a declaration failed because there is no connection, or no longer. */
  #isAway(error: unknown): boolean {
    if (!(error instanceof OperationalError)) return false;
    return (
      error.code === 'ERR_CONNECTION_CLOSED' ||
      (error.code === 'ERR_CHANNEL_CLOSED' && !this.#transport.isConnected)
    );
  }
}
