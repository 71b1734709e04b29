/**
 * A publisher on a channel of its own, rebuilt after every loss.
 *
 * A message is *waiting* (not written), *in flight* (written, not confirmed) or settled. When the channel or connection
 * is lost, what was in flight goes back to the head of the queue in its order and is sent again.
 *
 * The broker answers a bad publish (such as an unknown exchange) by closing the channel, without saying which one it
 * was. Everything in flight is then suspect and is sent again one at a time; a message that closes the channel when it
 * is alone in flight is the one, and is refused.
 *
 * A message that the broker cannot parse costs the whole connection (a reply code from 501 on). The same holds then, but
 * for two things: the publishers of the connection take turns with their suspects, and the message is refused when it was
 * alone in flight twice, because something else on the connection may have been at fault once.
 */
import { backoffMs, coerceError, type Logger } from '@celeriac/primitives';
import type { Channel, Message } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import { closeChannel, isClosedError, publishOn } from './amqplib-connection.ts';
import {
  asOperationalError,
  type BrokerConnection,
  type Session,
  type SessionUser,
} from './broker-connection.ts';
import type { ContentHeader } from './content-header.ts';
import type { MessagePublisher, OnPublished, PublishMessage, PublisherOptions } from './message-publisher.ts';
import { isHardError, OperationalError } from './operational-error.ts';
import { RebuildBackoff } from './rebuild-backoff.ts';

interface Entry {
  readonly message: PublishMessage;
  readonly onPublished: OnPublished;
  /** When it fails with ERR_PUBLISH_TIMEOUT, in ms of `performance.now()`; Infinity for never. */
  readonly deadline: number;
  /** In flight when the broker closed a channel or the connection; sent alone from then on. */
  isSuspect: boolean;
  /** How often the broker closed the connection for a fault while this was alone in flight. */
  closedAlone: number;
  /** Why the broker returned it; the confirm that follows makes it final. */
  returned: OperationalError | undefined;
}

interface OpenChannel {
  readonly channel: Channel;
  readonly session: Session;
  /** In ms of `performance.now()`. */
  readonly openedAt: number;
}

const sweepIntervalMs = 100;

/** A message that was alone in flight at so many faults of the connection is refused. */
const mostClosedAlone = 2;

export class ChannelPublisher implements MessagePublisher, SessionUser {
  readonly #connection: BrokerConnection;
  readonly #logger: Logger;
  readonly #options: Required<Omit<PublisherOptions, 'timeoutMs'>> & { readonly timeoutMs: number };
  readonly #inFlight = new Set<Entry>();
  readonly #closed = new AbortController();
  readonly #rebuilds = new RebuildBackoff();
  /** In flight when the channel went, while it is not known yet whether the connection went with it, and why. */
  #lost: readonly Entry[] = [];
  #waiting: Entry[] = [];
  /** Index of the first entry of `#waiting` that has not been taken; the array is cut now and then. */
  #head = 0;
  #open: OpenChannel | undefined;
  /** Entries, waiting or in flight, that are to be sent alone. */
  #suspectCount = 0;
  #isBlocked = false;
  #isBufferFull = false;
  #sweep: NodeJS.Timeout | undefined;
  #onIdle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(connection: BrokerConnection, options: PublisherOptions, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
    this.#options = {
      maxInFlight: 1024,
      maxWaiting: 100_000,
      maxBodyBytes: 128 * 1024 * 1024,
      failFast: false,
      timeoutMs: Infinity,
      ...options,
    };
    connection.attach(this);
  }

  get isReady(): boolean {
    return this.#open !== undefined && !this.#isBlocked;
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
    const refusal = this.#refusal(message);
    if (refusal !== undefined) {
      queueMicrotask(() => {
        onPublished(refusal);
      });
      return;
    }
    const { timeoutMs } = this.#options;
    const deadline = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
    this.#waiting.push({
      message,
      onPublished,
      deadline,
      isSuspect: false,
      closedAlone: 0,
      returned: undefined,
    });
    this.#pump();
    if (deadline !== Infinity) this.#sweep ??= setInterval(this.#failOverdue, sweepIntervalMs).unref();
  }

  sessionOpened(session: Session): void {
    this.#isBlocked = session.isBlocked;
    void this.#openUntilReady(session);
  }

  sessionLost(error: OperationalError): void {
    const lost = this.#open === undefined ? this.#lost : [...this.#inFlight];
    this.#lost = [];
    this.#abandonChannel();
    this.#isBlocked = false;
    if (isHardError(error.replyCode)) this.#suspect(lost, error);
    this.#connection.endTurnAlone(this);
    if (this.#options.failFast) this.#failWaiting(() => error);
  }

  sessionBlocked(blocked: boolean): void {
    this.#isBlocked = blocked;
    this.#pump();
  }

  sessionTurn(): void {
    this.#pump();
  }

  close(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? 5000);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    if (this.#unsettledCount > 0) {
      const drained = new Promise<void>((resolve) => (this.#onIdle = resolve));
      const giveUp = new AbortController();
      const timeout = delay(drainMs, undefined, { signal: giveUp.signal }).catch(() => undefined);
      await Promise.race([drained, timeout]);
      giveUp.abort();
    }
    this.#closed.abort();
    this.#connection.detach(this);
    const open = this.#open;
    this.#abandonChannel();
    this.#failWaiting(
      () =>
        new OperationalError(
          'ERR_CONNECTION_CLOSED',
          'the publisher was closed before the broker confirmed the message',
        ),
    );
    clearInterval(this.#sweep);
    if (open !== undefined) await closeChannel(open.channel);
  }

  get #waitingCount(): number {
    return this.#waiting.length - this.#head;
  }

  get #unsettledCount(): number {
    return this.#waitingCount + this.#inFlight.size;
  }

  #refusal(message: PublishMessage): OperationalError | undefined {
    const { maxBodyBytes, maxWaiting, failFast } = this.#options;
    if (this.#closing !== undefined)
      return new OperationalError('ERR_CONNECTION_CLOSED', 'the publisher has been closed');
    if (message.body.length > maxBodyBytes) {
      return new OperationalError(
        'ERR_PUBLISH_TOO_LARGE',
        `the message body is ${message.body.length} bytes; the limit is ${maxBodyBytes}`,
      );
    }
    if (this.#waitingCount >= maxWaiting) {
      return new OperationalError(
        'ERR_PUBLISH_QUEUE_FULL',
        `${this.#waitingCount} messages wait for the broker already; publish more slowly`,
      );
    }
    return failFast && !this.#connection.isOpen ? this.#connection.unavailable() : undefined;
  }

  async #openUntilReady(session: Session, initialDelayMs = 0): Promise<void> {
    if (initialDelayMs > 0) await this.#sleep(initialDelayMs);
    for (let attempt = 0; session.isOpen() && !this.#closed.signal.aborted; attempt++) {
      try {
        await this.#openOn(session);
        return;
      } catch (error) {
        if (!session.isOpen()) return;
        this.#logger.error({ reason: coerceError(error).message }, 'cannot open a channel to publish');
        await this.#sleep(backoffMs(attempt));
      }
    }
  }

  async #sleep(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#closed.signal }).catch(() => undefined);
  }

  async #openOn(session: Session): Promise<void> {
    const { model } = session;
    const channel = await (this.#options.confirm ? model.createConfirmChannel() : model.createChannel());
    if (!session.isOpen()) return; // lost in the turn in which it was opened; the next session opens the next
    if (this.#closed.signal.aborted) {
      await closeChannel(channel);
      return;
    }
    const open: OpenChannel = { channel, session, openedAt: performance.now() };
    let cause: Error | undefined;
    channel.on('error', (error: Error) => (cause = error));
    // before amqplib's own listener, which calls back every unconfirmed publish with an error
    channel.prependListener('close', () => {
      this.#channelClosed(open, cause);
    });
    channel.on('drain', () => {
      this.#isBufferFull = false;
      this.#pump();
    });
    channel.on('return', (message: Message) => {
      this.#markReturned(message);
    });
    this.#isBufferFull = false;
    this.#open = open;
    this.#pump();
  }

  #pump(): void {
    while (this.#head < this.#waiting.length && this.#maySend()) {
      const entry = this.#waiting[this.#head++];
      if (entry !== undefined) this.#write(entry);
    }
    if (this.#head === this.#waiting.length || this.#head > 1024) {
      this.#waiting = this.#head === this.#waiting.length ? [] : this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  }

  #maySend(): boolean {
    if (this.#open === undefined || this.#isBlocked || this.#isBufferFull) return false;
    if (this.#inFlight.size === 0) return this.#suspectCount === 0 || this.#connection.takeTurnAlone(this);
    if (this.#inFlight.size >= this.#options.maxInFlight) return false;
    return this.#suspectCount === 0;
  }

  #write(entry: Entry): void {
    const open = this.#open;
    if (open === undefined) return;
    const { confirm } = this.#options;
    try {
      if (confirm) {
        this.#inFlight.add(entry);
        this.#isBufferFull = !publishOn(open.channel, entry.message, (error) => {
          this.#confirmed(entry, error);
        });
      } else {
        this.#isBufferFull = !publishOn(open.channel, entry.message);
      }
    } catch (error) {
      if (isClosedError(error)) this.#channelGone(open, entry);
      // it cannot be written as AMQP, such as a header table larger than a frame
      else this.#settle(entry, asOperationalError(error, 'ERR_PUBLISH_REFUSED'));
      return;
    }
    if (!confirm) this.#settle(entry);
  }

  /** The channel was closed and we have not been told, or are about to be: the message is sent on the next one. */
  #channelGone(open: OpenChannel, unsent: Entry): void {
    this.#inFlight.add(unsent);
    this.#abandonChannel();
    void this.#openUntilReady(open.session);
  }

  /** amqplib calls this for every entry of a channel, at the latest when the channel closes. */
  #confirmed(entry: Entry, error: unknown): void {
    if (!this.#inFlight.has(entry)) return; // overdue, or taken back when the channel was lost
    if (entry.returned !== undefined) this.#settle(entry, entry.returned);
    else if (error === null || error === undefined) this.#settle(entry);
    else
      this.#settle(
        entry,
        new OperationalError(
          'ERR_PUBLISH_REFUSED',
          `the broker did not take the message for ${describeTarget(entry.message)} (nack)`,
        ),
      );
    this.#pump();
  }

  #markReturned(returned: Message): void {
    const { exchange, routingKey, replyCode, replyText } = returned.fields as Message['fields'] & {
      replyCode: number;
      replyText: string;
    };
    const { correlationId } = (returned.properties as unknown as ContentHeader).properties;
    for (const entry of this.#inFlight) {
      const { message } = entry;
      if (entry.returned !== undefined || !message.mandatory || message.exchange !== exchange) continue;
      if (message.routingKey !== routingKey || message.properties.correlationId !== correlationId) continue;
      entry.returned = new OperationalError(
        'ERR_PUBLISH_UNROUTABLE',
        `no queue takes messages for ${describeTarget(message)} (${replyText})`,
        { replyCode },
      );
      return;
    }
  }

  #channelClosed(open: OpenChannel, cause: Error | undefined): void {
    if (this.#open !== open) return; // closed by us
    if (cause === undefined) this.#lost = [...this.#inFlight];
    const guilty = cause === undefined ? undefined : this.#findGuilty();
    this.#abandonChannel();
    if (cause === undefined) return; // the connection is going, sessionLost follows
    this.#connection.endTurnAlone(this);
    this.#logger.error({ reason: cause.message }, 'the broker closed the publishing channel');
    // at once when it is known which message did it: the broker has nothing against the others
    void this.#openUntilReady(open.session, guilty === undefined ? this.#rebuilds.delayMs(open.openedAt) : 0);
    // last, because the publisher may be used from the callback
    if (guilty !== undefined) this.#settle(guilty, asOperationalError(cause, 'ERR_PUBLISH_REFUSED'));
  }

  /** The message that closed the channel, if only one can have done it; else all in flight are suspects. */
  #findGuilty(): Entry | undefined {
    const [first] = this.#inFlight;
    if (this.#inFlight.size === 1 && first !== undefined) {
      this.#inFlight.delete(first);
      return first;
    }
    this.#markSuspects(this.#inFlight);
    return undefined;
  }

  /** The connection was closed for a fault while these, which wait again, were in flight. */
  #suspect(lost: readonly Entry[], error: OperationalError): void {
    this.#markSuspects(lost);
    const [only] = lost;
    if (only === undefined || lost.length > 1 || ++only.closedAlone < mostClosedAlone) return;
    this.#waiting = this.#waiting.slice(this.#head).filter((entry) => entry !== only);
    this.#head = 0;
    this.#logger.error(
      { target: describeTarget(only.message), reason: error.message },
      'the broker closed the connection for a message again, it is not sent any more',
    );
    this.#settle(
      only,
      new OperationalError(
        'ERR_PUBLISH_REFUSED',
        `the broker closed the connection each time that the message for ${describeTarget(only.message)} was sent: ${error.message}`,
        { cause: error, replyCode: error.replyCode },
      ),
    );
  }

  #markSuspects(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      if (!entry.isSuspect) this.#suspectCount++;
      entry.isSuspect = true;
    }
  }

  #settle(entry: Entry, error?: OperationalError): void {
    this.#inFlight.delete(entry);
    if (entry.isSuspect) {
      this.#suspectCount--;
      this.#connection.endTurnAlone(this);
    }
    try {
      entry.onPublished(error);
    } catch (caught) {
      // amqplib would take it for a fault of the channel
      this.#logger.error({ err: coerceError(caught) }, 'what waits for a publish failed');
    }
    if (this.#unsettledCount === 0) this.#onIdle?.();
  }

  /** Forgets the channel and puts what was in flight back at the head of the queue. */
  #abandonChannel(): void {
    this.#open = undefined;
    if (this.#inFlight.size === 0) return;
    this.#waiting = [...this.#inFlight, ...this.#waiting.slice(this.#head)];
    this.#head = 0;
    this.#inFlight.clear();
    for (const entry of this.#waiting) entry.returned = undefined;
  }

  #failWaiting(errorOf: () => OperationalError): void {
    const failed = this.#waiting.slice(this.#head);
    this.#waiting = [];
    this.#head = 0;
    for (const entry of failed) this.#settle(entry, errorOf());
  }

  readonly #failOverdue = (): void => {
    const now = performance.now();
    for (const entry of this.#inFlight) {
      if (entry.deadline > now) continue;
      this.#settle(entry, this.#overdue(entry, 'it may or may not have been taken'));
    }
    if (this.#waiting.some((entry, index) => index >= this.#head && entry.deadline <= now)) {
      const waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
      this.#waiting = waiting.filter((entry) => entry.deadline > now);
      for (const entry of waiting)
        if (entry.deadline <= now) this.#settle(entry, this.#overdue(entry, 'it was not sent'));
    }
    this.#pump();
    if (this.#unsettledCount > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  };

  #overdue(entry: Entry, outcome: string): OperationalError {
    const target = describeTarget(entry.message);
    return new OperationalError(
      'ERR_PUBLISH_TIMEOUT',
      `the broker did not confirm the message for ${target} in ${this.#options.timeoutMs} ms; ${outcome}`,
    );
  }
}

function describeTarget(message: PublishMessage): string {
  return message.exchange === ''
    ? `queue ${message.routingKey}`
    : `exchange ${message.exchange}, routing key ${message.routingKey}`;
}
