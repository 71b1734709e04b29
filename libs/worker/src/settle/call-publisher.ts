import {
  isHardError,
  OperationalError,
  type MessagePublisher,
  type PublishMessage,
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
import { setTimeout as sleep } from 'node:timers/promises';

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

/** A declaration during which the broker closed the connection for a fault so often is refused: it would do so each time. */
const mostFaults = 3;

/** Publishes and declares what a worker owes the broker: confirmed, however long the broker is away. */
export class CallPublisher {
  readonly #transport: Transport;
  readonly #signals: TaskPublishSignals;
  readonly #onReceiverError: ReceiverErrorHandler;
  readonly #declaring = new Map<string, Promise<void>>();
  readonly #closed = new AbortController();
  #publisher: MessagePublisher | undefined;
  #becomingReady: Promise<void> | undefined;

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
      return { kind: isClosed(error) ? 'unsure' : 'refused', error };
    }
  }

  /**
   * Declares what messages need, once for all who need it at the time; while the broker is away it waits.
   *
   * @throws OperationalError when the broker refuses, or ERR_CONNECTION_CLOSED when this is closed first
   */
  declare(declaration: Declaration): Promise<void> {
    const { name } = declaration;
    let declaring = this.#declaring.get(name);
    if (declaring === undefined) {
      declaring = this.#declareOnceThere(declaration).finally(() => this.#declaring.delete(name));
      this.#declaring.set(name, declaring);
    }
    return declaring;
  }

  /** True while a message can be sent at once. */
  get isReady(): boolean {
    return this.#publisher?.isReady === true;
  }

  /**
   * Resolves when a message can be sent at once.
   *
   * @throws OperationalError ERR_CONNECTION_CLOSED when this is closed first
   */
  async whenReady(): Promise<void> {
    if (!this.#open().isReady)
      await (this.#becomingReady ??= this.#becomeReady().finally(() => (this.#becomingReady = undefined)));
  }

  /** Gives up what is not confirmed. May be called twice. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#publisher?.close({ drainMs: 0 });
  }

  /** It may wait here for the broker to come back, with all the others of its worker: prefetch count bounds them. */
  #open(): MessagePublisher {
    this.#publisher ??= this.#transport.publisher({ confirm: true, maxWaiting: Infinity });
    return this.#publisher;
  }

  async #publish({ message, declaration }: PublishedCall): Promise<void> {
    try {
      await this.#open().publish(message);
    } catch (error) {
      const isMissing = error instanceof OperationalError && error.code === 'ERR_PUBLISH_UNROUTABLE';
      if (!isMissing || declaration === nothingToDeclare) throw error;
      await this.declare(declaration);
      await this.#open().publish(message);
    }
  }

  async #becomeReady(): Promise<void> {
    for (let attempt = 0; !this.#open().isReady; attempt++) await this.#pause(attempt);
  }

  async #declareOnceThere({ topology }: Declaration): Promise<void> {
    let faults = 0;
    for (let attempt = 0; ; attempt++) {
      await this.whenReady();
      try {
        await this.#transport.declare(topology());
        return;
      } catch (error) {
        if (!isAway(error)) throw error;
        if (isHardError(error.replyCode) && ++faults === mostFaults) throw refused(error);
      }
      await this.#pause(attempt);
    }
  }

  async #pause(attempt: number): Promise<void> {
    const { signal } = this.#closed;
    await sleep(backoffMs(attempt), undefined, { signal }).catch(() => undefined); // it is closed
    if (signal.aborted)
      throw new OperationalError(
        'ERR_CONNECTION_CLOSED',
        'the publisher was closed before the broker was back',
      );
  }
}

/** Only a publisher that is closed says so: while the worker lives, messages and declarations wait for the connection. */
function isClosed(error: OperationalError): boolean {
  return error.code === 'ERR_CONNECTION_CLOSED';
}

/** The connection, and not the broker's answer, made a declaration fail. */
function isAway(error: unknown): error is OperationalError {
  return error instanceof OperationalError && error.code === 'ERR_CONNECTION_CLOSED';
}

function refused(error: OperationalError): OperationalError {
  return new OperationalError(
    'ERR_PUBLISH_REFUSED',
    `the broker closed the connection each time that this was declared: ${error.message}`,
    { cause: error, replyCode: error.replyCode },
  );
}
