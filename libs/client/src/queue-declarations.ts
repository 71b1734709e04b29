import { isAccessRefused, OperationalError, type Topology, type Transport } from '@celeriac/amqp-transport';
import { backoffMs, type IllegalStateError } from '@celeriac/primitives';
import type { Declaration } from '@celeriac/protocol';
import type { RpcReplyQueue } from '@celeriac/result-backend';
import { setTimeout as delay } from 'node:timers/promises';
import { SharedWork } from './shared-work.ts';

export interface QueueDeclarationsOptions {
  readonly transport: Transport;
  /** Consumed before anything is declared: a reply to a queue that does not exist yet would be dropped. */
  readonly replies: RpcReplyQueue | undefined;
  /** Longest wait of `declare`, in ms. */
  readonly timeoutMs: number;
  /** Refuse at once while the broker is away, instead of waiting for it. */
  readonly failFast: boolean;
}

const nothing: Topology = { exchanges: [], queues: [], bindings: [] };

/** The broker is asked again after at most this, in ms: callers are waiting. */
const longestPauseMs = 500;

/**
 * The queues that this client has declared (`task_create_missing_queues`): each once, before the first message to it.
 *
 * [PRODUCER-DECLARE] Source: Celery 5.7.0, celery/app/amqp.py `send_task_message` with kombu's `maybe_declare`: queue,
 * exchange and binding are declared once per connection, and messages go to the default exchange with the queue's name.
 * We declare once and for all, and again when a message finds no queue: published as mandatory, it comes back then. A user
 * that may not declare relies on queues that others have declared, where Celery fails the call.
 */
export class QueueDeclarations {
  readonly #options: QueueDeclarationsOptions;
  readonly #declared = new Set<string>();
  /** How each is declared, for all calls that wait for it at a time. */
  readonly #works = new Map<string, SharedWork>();
  readonly #connecting: SharedWork;
  readonly #closing = new AbortController();
  #closed: IllegalStateError | undefined;
  /** The reply queue exists from then on: while the client reconnects, replies wait in it. */
  #haveRepliesArrived = false;

  constructor(options: QueueDeclarationsOptions) {
    this.#options = options;
    this.#connecting = new SharedWork((isWanted) => this.#establish(nothing, isWanted, false));
  }

  has({ name }: Declaration): boolean {
    return this.#declared.has(name);
  }

  /** Waits, for as long as it takes, until the broker is there and the reply queue is consumed. */
  async connected(): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    await this.#connecting.wait(Infinity, () => this.#late());
  }

  /**
   * Declares queues before anyone calls, waiting for the broker as long as it takes.
   *
   * @throws OperationalError when a queue exists with other properties
   * @throws Error when the client is closed meanwhile
   */
  async declareAhead(declarations: readonly Declaration[]): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    for (const { name, topology } of declarations) {
      await this.#establish(topology(), () => this.#closed === undefined, false);
      this.#declared.add(name);
    }
  }

  /**
   * @throws OperationalError when the queue exists with other properties, when the broker stays away for `timeoutMs`, or
   * with `failFast` when it is away now; nothing has been sent
   * @throws IllegalStateError when the client is closed
   */
  async declare(declaration: Declaration): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    let work = this.#works.get(declaration.name);
    if (work === undefined) {
      work = new SharedWork((isWanted) => this.#declare(declaration, isWanted));
      this.#works.set(declaration.name, work);
    }
    await work.wait(this.#options.timeoutMs, () => this.#late());
  }

  /** The queue turned out to be gone; it is declared again before the next message. */
  forget({ name }: Declaration): void {
    this.#declared.delete(name);
  }

  /** Fails all who wait, and who come later. */
  close(error: IllegalStateError): void {
    this.#closed = error;
    this.#closing.abort();
    for (const work of [this.#connecting, ...this.#works.values()]) work.fail(error);
  }

  async #declare({ name, topology }: Declaration, isWanted: () => boolean): Promise<void> {
    await this.#establish(topology(), isWanted, this.#options.failFast);
    this.#declared.add(name);
  }

  async #establish(topology: Topology, isWanted: () => boolean, failFast: boolean): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#repliesArrive(failFast);
        await this.#options.transport.declare(topology);
        return;
      } catch (error) {
        // a user that may only publish: somebody else has declared the queue, or the message comes back
        if (isAccessRefused(error)) return;
        if (failFast || !this.#isAway(error)) throw error;
        const pauseMs = backoffMs(attempt, { maxMs: longestPauseMs });
        await delay(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined); // closed
        if (!isWanted()) throw error;
      }
    }
  }

  async #repliesArrive(failFast: boolean): Promise<void> {
    const { replies } = this.#options;
    if (replies === undefined || this.#haveRepliesArrived) return;
    if (failFast && !replies.isConsuming)
      throw new OperationalError(
        'ERR_CONNECTION_CLOSED',
        'not connected to the broker yet; nothing was sent',
      );
    await replies.whenConsuming();
    this.#haveRepliesArrived = true;
  }

  /** True when the connection, and not the broker's answer, made a declaration fail. */
  #isAway(error: unknown): boolean {
    if (!(error instanceof OperationalError)) return false;
    return (
      error.code === 'ERR_CONNECTION_CLOSED' ||
      (error.code === 'ERR_CHANNEL_CLOSED' && !this.#options.transport.isConnected)
    );
  }

  #late(): OperationalError {
    return new OperationalError(
      'ERR_PUBLISH_TIMEOUT',
      `the broker could not be reached in ${this.#options.timeoutMs} ms; nothing was sent`,
    );
  }
}
