/**
 * Publishes events, for which nobody waits.
 *
 * | state | entered | left | a message |
 * | --- | --- | --- | --- |
 * | `idle` | construction | `open()` → `opening` | is dropped |
 * | `opening` | `open()`; the connection or the exchange has gone | exchange declared → `open` | is kept, at most 500 of them; more are lost |
 * | `open` | exchange declared | a publish fails → `opening` | is sent; it is lost with the connection |
 * | `closed` | `close()` | never | is dropped |
 *
 * So the exchange is declared once for each connection, and again when the broker says that there is none. Nothing is
 * sent again: an event that comes late tells nothing new.
 */
import {
  OperationalError,
  type MessagePublisher,
  type PublishMessage,
  type Transport,
} from '@celeriac/amqp-transport';
import { backoffMs, coerceError, type Logger } from '@celeriac/primitives';
import { setTimeout as delay } from 'node:timers/promises';
import { eventTopology } from './event-message.ts';

export interface EventPublisherOptions {
  readonly transport: Transport;
  /** `event_exchange`. */
  readonly exchange: string;
  readonly logger: Logger;
  /** Called each time the exchange is there, after what was kept has been sent. */
  readonly onOpen: () => void;
  /** Called each time that it is no longer. */
  readonly onLost: () => void;
}

/** Messages that are kept while there is no connection, and that wait for the broker while there is one. */
const mostWaiting = 500;

/** What the broker has refused is tried again after this time, in ms. */
const refusedWaitMs = 30_000;

/** What was sent may take so long to get out when the worker stops, in ms. */
const drainMs = 1000;

export class EventPublisher {
  readonly #options: EventPublisherOptions;
  readonly #closed = new AbortController();
  #publisher: MessagePublisher | undefined;
  #state: 'idle' | 'opening' | 'open' | 'closed' = 'idle';
  #kept: PublishMessage[] = [];
  #lostCount = 0;

  constructor(options: EventPublisherOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Begins; without effect after the first time. */
  open(): void {
    if (this.#state !== 'idle') return;
    // with confirms, as only so a publisher hears that the exchange has gone
    this.#publisher = this.#options.transport.publisher({
      confirm: true,
      failFast: true,
      maxWaiting: mostWaiting,
    });
    this.#state = 'opening';
    void this.#declare(0);
  }

  /** Never throws. */
  send(message: PublishMessage): void {
    if (this.#state === 'open') this.#publisher?.send(message, this.#published);
    else if (this.#state === 'opening') this.#keep(message);
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#closed.abort();
    this.#kept = [];
    await this.#publisher?.close({ drainMs });
  }

  #keep(message: PublishMessage): void {
    if (this.#kept.length < mostWaiting) this.#kept.push(message);
    else this.#lostCount++;
  }

  readonly #published = (error?: OperationalError): void => {
    if (error === undefined) return;
    this.#lostCount++;
    // else the broker is slow, or blocks publishers, or a receiver's queue is full: that is no reason to stop
    if (this.#state !== 'open' || !(isAway(error) || isRefusal(error))) return;
    this.#state = 'opening';
    this.#options.onLost();
    const isForGood = isRefusal(error) && error.replyCode !== noSuchExchange;
    if (isForGood) this.#warnOfRefusal(error);
    void this.#declare(isForGood ? refusedWaitMs : 0);
  };

  async #declare(firstWaitMs: number): Promise<void> {
    let waitMs = firstWaitMs;
    for (let attempt = 0; await this.#hasWaited(waitMs); attempt++) {
      const failure = await this.#tryToDeclare();
      if (this.#closed.signal.aborted) return;
      if (failure === undefined) {
        this.#opened();
        return;
      }
      if (isRefusal(failure)) this.#warnOfRefusal(failure);
      waitMs = isRefusal(failure) ? refusedWaitMs : backoffMs(attempt);
    }
  }

  /** False when it was closed meanwhile. */
  async #hasWaited(waitMs: number): Promise<boolean> {
    const { signal } = this.#closed;
    // rejects when it is aborted, which is what the caller is told
    if (waitMs > 0) await delay(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    return !signal.aborted;
  }

  async #tryToDeclare(): Promise<Error | undefined> {
    const { transport, exchange } = this.#options;
    try {
      await transport.declare(eventTopology(exchange));
      return undefined;
    } catch (error) {
      return coerceError(error);
    }
  }

  #opened(): void {
    this.#state = 'open';
    const { logger, onOpen } = this.#options;
    if (this.#lostCount > 0)
      logger.info({ count: this.#lostCount }, 'messages of events were lost meanwhile');
    this.#lostCount = 0;
    for (const message of this.#kept.splice(0)) this.send(message);
    onOpen();
  }

  #warnOfRefusal({ message }: Error): void {
    const fields = { exchange: this.#options.exchange, reason: message, retryMs: refusedWaitMs };
    this.#options.logger.warn(fields, 'events cannot be sent');
  }
}

const noSuchExchange = 404;

function isAway({ code }: OperationalError): boolean {
  return code === 'ERR_CONNECTION_CLOSED' || code === 'ERR_CHANNEL_CLOSED';
}

/** The broker has closed the channel over it (403 to 406), and would again; it stays connected. */
function isRefusal(error: Error): boolean {
  if (!(error instanceof OperationalError) || error.code === 'ERR_CONNECTION_CLOSED') return false;
  return error.replyCode !== undefined && error.replyCode >= 403 && error.replyCode <= 406;
}
