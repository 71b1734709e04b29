import {
  OperationalError,
  type MessagePublisher,
  type OnPublished,
  type PublisherOptions,
  type PublishMessage,
} from '@celeriac/amqp-transport';
import { coerceError } from '@celeriac/primitives';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { InMemoryLink, LinkUser } from './in-memory-link.ts';
import { overTheWire, type InMemoryMessage } from './in-memory-message.ts';

/** What a spec can do to the publishes of a transport. */
export interface PublishFaults {
  /** Asked for each message that the broker is about to take; what it returns is how the publish fails. */
  refuse: ((message: InMemoryMessage) => OperationalError | undefined) | undefined;
  /** Confirms are kept back while this is true; the broker has the messages nevertheless. */
  areConfirmsHeld: boolean;
}

interface Entry {
  readonly message: InMemoryMessage;
  readonly mandatory: boolean;
  readonly onPublished: OnPublished;
  timer?: NodeJS.Timeout;
}

/**
 * A publisher to an in-memory broker. The broker takes and confirms a message in the turn after it was sent; what was
 * not confirmed when the connection went is sent again, and the broker may then have it twice.
 */
export class InMemoryPublisher implements MessagePublisher, LinkUser {
  readonly #link: InMemoryLink;
  readonly #options: Required<Omit<PublisherOptions, 'timeoutMs'>> & Pick<PublisherOptions, 'timeoutMs'>;
  readonly #faults: PublishFaults;
  readonly #inFlight = new Set<Entry>();
  /** In flight and taken by the broker, their confirms kept back. */
  readonly #heldConfirms = new Set<Entry>();
  #waiting: Entry[] = [];
  /** Counts losses: what was written before one never reaches the broker. */
  #lossCount = 0;
  #onIdle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(link: InMemoryLink, options: PublisherOptions, faults: PublishFaults) {
    this.#link = link;
    this.#options = {
      maxInFlight: 1024,
      maxWaiting: 100_000,
      maxBodyBytes: 128 * 1024 * 1024,
      failFast: false,
      ...options,
    };
    this.#faults = faults;
    link.attach(this);
  }

  get isReady(): boolean {
    return this.#link.isUp && !this.#link.isBlocked;
  }

  publish(message: PublishMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.send(message, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  send(message: PublishMessage, onPublished: OnPublished): void {
    const accepted = this.#accept(message, onPublished);
    if (accepted instanceof OperationalError) {
      queueMicrotask(() => {
        onPublished(accepted);
      });
      return;
    }
    this.#waiting.push(accepted);
    this.#pump();
  }

  linkUp(): void {
    this.#pump();
  }

  linkDown(error: OperationalError): void {
    this.#lossCount++;
    this.#waiting = [...this.#inFlight, ...this.#waiting];
    this.#inFlight.clear();
    this.#heldConfirms.clear();
    if (this.#options.failFast) this.#failWaiting(error);
  }

  linkBlocked(): void {
    this.#pump();
  }

  /** Gives the confirms that were kept back. */
  confirmHeld(): void {
    for (const entry of [...this.#heldConfirms]) this.#confirm(entry);
  }

  close(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? 5000);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    if (this.#inFlight.size + this.#waiting.length > 0) {
      const drained = new Promise<void>((resolve) => (this.#onIdle = resolve));
      const giveUp = new AbortController();
      await Promise.race([drained, delay(drainMs, undefined, { signal: giveUp.signal })]);
      giveUp.abort();
    }
    await nextTurn(); // what was written has reached the broker, confirms or not
    this.#link.detach(this);
    this.#waiting = [...this.#inFlight, ...this.#waiting];
    this.#inFlight.clear();
    this.#failWaiting(
      new OperationalError(
        'ERR_CONNECTION_CLOSED',
        'the publisher was closed before the broker confirmed the message',
      ),
    );
  }

  #accept(message: PublishMessage, onPublished: OnPublished): Entry | OperationalError {
    const { maxBodyBytes, maxWaiting, failFast, timeoutMs } = this.#options;
    if (this.#closing !== undefined)
      return new OperationalError('ERR_CONNECTION_CLOSED', 'the publisher has been closed');
    const { length } = message.body;
    if (length > maxBodyBytes)
      return new OperationalError(
        'ERR_PUBLISH_TOO_LARGE',
        `the message body is ${length} bytes; the limit is ${maxBodyBytes}`,
      );
    if (this.#waiting.length >= maxWaiting)
      return new OperationalError(
        'ERR_PUBLISH_QUEUE_FULL',
        `${this.#waiting.length} messages wait for the broker already; publish more slowly`,
      );
    if (failFast && !this.#link.isUp) return this.#link.unavailable();
    try {
      const entry: Entry = { message: overTheWire(message), mandatory: message.mandatory, onPublished };
      if (timeoutMs !== undefined)
        entry.timer = setTimeout(() => {
          this.#settle(
            entry,
            new OperationalError('ERR_PUBLISH_TIMEOUT', `not confirmed in ${timeoutMs} ms`),
          );
        }, timeoutMs);
      return entry;
    } catch (error) {
      const cause = coerceError(error);
      return new OperationalError('ERR_PUBLISH_REFUSED', cause.message, { cause });
    }
  }

  #pump(): void {
    while (this.isReady && this.#inFlight.size < this.#options.maxInFlight) {
      const entry = this.#waiting.shift();
      if (entry === undefined) return;
      this.#inFlight.add(entry);
      const lossCount = this.#lossCount;
      setImmediate(() => {
        if (lossCount === this.#lossCount) this.#take(entry);
      });
      if (!this.#options.confirm) this.#settle(entry);
    }
  }

  #take(entry: Entry): void {
    const { message } = entry;
    try {
      const refusal = this.#faults.refuse?.(message);
      if (refusal !== undefined) throw refusal;
      const queueCount = this.#link.broker.route(message);
      this.#link.journal.write({ event: 'published', message, queueCount });
      if (queueCount === 0 && entry.mandatory) throw unroutable(message);
    } catch (error) {
      this.#settle(entry, asRefusal(error));
      return;
    }
    if (!this.#inFlight.has(entry)) return; // overdue, or nobody waits for a confirm
    if (this.#faults.areConfirmsHeld) this.#heldConfirms.add(entry);
    else this.#confirm(entry);
  }

  #confirm(entry: Entry): void {
    this.#link.journal.write({ event: 'confirmed', message: entry.message });
    this.#settle(entry);
  }

  #settle(entry: Entry, error?: OperationalError): void {
    const wasWaiting = this.#waiting.indexOf(entry);
    if (wasWaiting !== -1) this.#waiting.splice(wasWaiting, 1);
    else if (!this.#inFlight.delete(entry)) return; // settled before
    this.#heldConfirms.delete(entry);
    clearTimeout(entry.timer);
    entry.onPublished(error);
    this.#pump();
    if (this.#inFlight.size + this.#waiting.length === 0) this.#onIdle?.();
  }

  #failWaiting(error: OperationalError): void {
    for (const entry of [...this.#waiting]) this.#settle(entry, error);
  }
}

function unroutable({ exchange, routingKey }: InMemoryMessage): OperationalError {
  const target = exchange === '' ? `queue ${routingKey}` : `exchange ${exchange}, routing key ${routingKey}`;
  return new OperationalError('ERR_PUBLISH_UNROUTABLE', `no queue takes messages for ${target} (NO_ROUTE)`, {
    replyCode: 312,
  });
}

/** An unknown exchange closes the real channel; its publisher reports that as a refused message. */
function asRefusal(error: unknown): OperationalError {
  if (error instanceof OperationalError && error.code !== 'ERR_CHANNEL_CLOSED') return error;
  const cause = coerceError(error);
  const replyCode = error instanceof OperationalError ? error.replyCode : undefined;
  return new OperationalError('ERR_PUBLISH_REFUSED', cause.message, { cause, replyCode });
}
