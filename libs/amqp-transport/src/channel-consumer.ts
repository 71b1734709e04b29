/**
 * A consumer on a channel of its own, rebuilt after every loss.
 *
 * | state | entered | left | what holds |
 * | --- | --- | --- | --- |
 * | `waiting` | construction, or the connection was lost | a session opens → `establishing` | no channel |
 * | `establishing` | session opened, or the channel was closed by the broker | all consumers registered → `consuming` | attempts with backoff |
 * | `consuming` | `basic.consume-ok` for every queue | channel or connection lost; `cancel()` → `cancelled` | deliveries arrive |
 * | `cancelled` | `cancel()` | `close()` → `closed` | no new deliveries; settling works while the channel lives |
 * | `closed` | `close()` | never | |
 *
 * Each loss voids the channel's delivery window, so that a delivery of a dead channel is never settled on a new one. A
 * consumer that the broker cancels (its queue was deleted) is declared and registered anew on the same channel, because
 * deliveries of other queues may be unsettled on it.
 */
import { backoffMs, coerceError, IllegalStateError, type Logger } from '@celeriac/primitives';
import type { Channel, ConsumeMessage } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import { closeChannel, isClosedError } from './amqplib-connection.ts';
import { openChannel, type BrokerConnection, type Session, type SessionUser } from './broker-connection.ts';
import { settlesInTime } from './close-timeout.ts';
import { ChannelDelivery } from './delivery.ts';
import { DeliveryWindow } from './delivery-window.ts';
import type { ConsumeOptions, MessageConsumer } from './message-consumer.ts';
import { declareTopology } from './topology.ts';

type ConsumerStateName = 'waiting' | 'establishing' | 'consuming' | 'cancelled' | 'closed';

interface OpenChannel {
  readonly channel: Channel;
  readonly window: DeliveryWindow;
  readonly session: Session;
  /** Consumer tag of each queue that is being consumed. */
  readonly consumerTags: Map<string, string>;
}

export class ChannelConsumer implements MessageConsumer, SessionUser {
  readonly #connection: BrokerConnection;
  readonly #options: ConsumeOptions;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #state: ConsumerStateName = 'waiting';
  #open: OpenChannel | undefined;
  #establishing: Promise<void> = Promise.resolve();
  #waiters: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #closing: Promise<void> | undefined;

  constructor(connection: BrokerConnection, options: ConsumeOptions, logger: Logger) {
    this.#connection = connection;
    this.#options = options;
    this.#logger = logger;
    connection.attach(this);
  }

  get isConsuming(): boolean {
    return this.#state === 'consuming' && this.#open?.consumerTags.size === this.#options.queues.length;
  }

  whenConsuming(): Promise<void> {
    if (this.isConsuming) return Promise.resolve();
    if (this.#stopping.signal.aborted) return Promise.reject(this.#closedError());
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  sessionOpened(session: Session): void {
    if (this.#state === 'waiting') this.#establish(session);
  }

  sessionLost(): void {
    this.#abandonChannel();
    if (this.#state !== 'cancelled' && this.#state !== 'closed') this.#setState('waiting');
  }

  async cancel(): Promise<void> {
    if (this.#state === 'cancelled' || this.#state === 'closed') return;
    this.#setState('cancelled');
    this.#stopping.abort();
    await settlesInTime(this.#establishing);
    const open = this.#open;
    if (open === undefined) return;
    // a channel that is closing meanwhile delivers nothing more either
    await settlesInTime(
      Promise.allSettled([...open.consumerTags.values()].map((tag) => open.channel.cancel(tag))),
    );
    open.consumerTags.clear();
  }

  close(options: { readonly deleteQueues?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(options.deleteQueues ?? false);
    return this.#closing;
  }

  async #close(deleteQueues: boolean): Promise<void> {
    await this.cancel();
    this.#setState('closed');
    this.#connection.detach(this);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#closedError());
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    open.window.flush();
    open.window.invalidate(); // what is settled from here on would come after the close: the broker takes it back
    if (deleteQueues) {
      // a queue that cannot be deleted now goes by its x-expires
      await settlesInTime(
        Promise.allSettled(this.#options.queues.map((queue) => open.channel.deleteQueue(queue))),
      );
    }
    await closeChannel(open.channel);
  }

  #establish(session: Session): void {
    this.#setState('establishing');
    this.#establishing = this.#establishUntilConsuming(session);
  }

  async #establishUntilConsuming(session: Session): Promise<void> {
    for (let attempt = 0; this.#isEstablishingOn(session); attempt++) {
      try {
        await this.#connection.withChannel((channel) => declareTopology(channel, this.#options.topology));
        await this.#consumeOn(session);
        return;
      } catch (error) {
        // only a channel of this session: a later one may be consuming on the next session by now
        if (this.#open?.session === session) this.#abandonChannel();
        if (session.isOpen()) {
          this.#logger.error(
            { queues: this.#options.queues, reason: coerceError(error).message },
            'cannot consume',
          );
        }
        await this.#pause(attempt);
      }
    }
  }

  #isEstablishingOn(session: Session): boolean {
    return session.isOpen() && this.#state === 'establishing';
  }

  async #consumeOn(session: Session): Promise<void> {
    const channel = await openChannel(session);
    const window = new DeliveryWindow({
      ack: (deliveryTag, multiple) => {
        unlessClosed(() => {
          channel.ack({ fields: { deliveryTag } } as ConsumeMessage, multiple);
        });
      },
      reject: (deliveryTag, requeue) => {
        unlessClosed(() => {
          channel.reject({ fields: { deliveryTag } } as ConsumeMessage, requeue);
        });
      },
    });
    const open: OpenChannel = { channel, window, session, consumerTags: new Map() };
    this.#open = open;
    let reason = '';
    channel.on('error', (error: Error) => (reason = error.message));
    channel.once('close', () => {
      this.#channelClosed(open, reason);
    });
    await channel.prefetch(this.#options.prefetchCount, false);
    for (const queue of this.#options.queues) await this.#consumeQueue(open, queue);
    if (this.#state !== 'establishing') return;
    if (this.#open !== open) throw new Error(reason === '' ? 'the channel was closed' : reason);
    this.#setState('consuming');
    this.#logger.info(
      { queues: this.#options.queues, prefetchCount: this.#options.prefetchCount },
      'consuming',
    );
    this.#tellWaiters();
    // cancelled before the others were registered
    const cancelled = this.#options.queues.filter((queue) => !open.consumerTags.has(queue));
    for (const queue of cancelled) this.#resume(open, queue);
  }

  #tellWaiters(): void {
    if (!this.isConsuming) return;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  async #consumeQueue(open: OpenChannel, queue: string): Promise<void> {
    const { onDelivery } = this.#options;
    const registration = { isCancelled: false };
    const { consumerTag } = await open.channel.consume(
      queue,
      (message) => {
        if (message === null) {
          registration.isCancelled = true;
          this.#consumerCancelled(open, queue);
          return;
        }
        onDelivery(new ChannelDelivery(message, queue, open.window));
      },
      { noAck: false },
    );
    // the cancel may arrive together with the answer to consume, and is handled before this line
    if (!registration.isCancelled) open.consumerTags.set(queue, consumerTag);
  }

  /** The broker cancelled the consumer: its queue was deleted, or its node left. */
  #consumerCancelled(open: OpenChannel, queue: string): void {
    open.consumerTags.delete(queue);
    if (this.#state !== 'consuming') return;
    this.#logger.warn({ queue }, 'consumer cancelled by the broker');
    this.#resume(open, queue);
  }

  #resume(open: OpenChannel, queue: string): void {
    const resuming = this.#resumeQueue(open, queue);
    this.#establishing = Promise.all([this.#establishing, resuming]).then(() => undefined);
  }

  async #resumeQueue(open: OpenChannel, queue: string): Promise<void> {
    for (let attempt = 0; this.#open === open && this.#state === 'consuming'; attempt++) {
      await this.#pause(attempt);
      try {
        await this.#connection.withChannel((channel) => declareTopology(channel, this.#options.topology));
        await this.#consumeQueue(open, queue);
        if (open.consumerTags.has(queue)) this.#logger.info({ queue }, 'consuming again');
        this.#tellWaiters();
        return; // a consumer that was cancelled once more is being resumed once more
      } catch (error) {
        this.#logger.warn({ queue, reason: coerceError(error).message }, 'cannot consume again yet');
      }
    }
  }

  #channelClosed(open: OpenChannel, reason: string): void {
    if (this.#open !== open) return; // closed by us
    this.#abandonChannel();
    // without a reason the connection is going and sessionLost follows; otherwise an attempt or a cancel is under way
    if (reason === '' || this.#state !== 'consuming') return;
    this.#logger.error({ queues: this.#options.queues, reason }, 'channel closed by the broker');
    this.#establish(open.session);
  }

  #abandonChannel(): void {
    this.#open?.window.invalidate();
    this.#open = undefined;
  }

  async #pause(attempt: number): Promise<void> {
    await delay(backoffMs(attempt), undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #setState(next: ConsumerStateName): void {
    this.#logger.debug({ queues: this.#options.queues, from: this.#state, to: next }, 'consumer state');
    this.#state = next;
  }

  #closedError(): IllegalStateError {
    return new IllegalStateError(`the consumer of ${this.#options.queues.join(', ')} has been closed`);
  }
}

/** Settles, unless the channel is closing this instant: then the broker takes the message back by itself. */
function unlessClosed(settle: () => void): void {
  try {
    settle();
  } catch (error) {
    if (!isClosedError(error)) throw error;
  }
}
