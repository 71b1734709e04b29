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
 *
 * A queue that is added is declared on a channel apart, then registered on that same channel while it is `consuming`;
 * after a loss it follows when the queues of the start are registered, so that it cannot hold them up.
 */
import { backoffMs, coerceError, IllegalStateError, type Logger } from '@celeriac/primitives';
import type { Channel } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import { closeChannel } from './amqplib-connection.ts';
import { openChannel, type BrokerConnection, type Session, type SessionUser } from './broker-connection.ts';
import { channelWindow } from './channel-window.ts';
import { settlesInTime } from './close-timeout.ts';
import { ConditionWaiters } from './condition-waiters.ts';
import { logChannelClosed } from './consumer-timeout.ts';
import { ChannelDelivery } from './delivery.ts';
import type { DeliveryWindow } from './delivery-window.ts';
import type { ConsumeOptions, MessageConsumer } from './message-consumer.ts';
import { RebuildBackoff } from './rebuild-backoff.ts';
import { refusalOf } from './refusal.ts';
import { declareTopology, withoutQueue, type Topology } from './topology.ts';

type ConsumerStateName = 'waiting' | 'establishing' | 'consuming' | 'cancelled' | 'closed';

/** A queue that is to be consumed. */
interface ConsumedQueue {
  readonly name: string;
  /** What has to be declared before; undefined for the queues of the start, which share one. */
  readonly topology: Topology | undefined;
  /** Attempts to consume it since it was last consumed. */
  attempts: number;
}

interface AddingQueue extends ConsumedQueue {
  readonly topology: Topology;
  added: Promise<void>;
}

interface OpenChannel {
  readonly channel: Channel;
  readonly window: DeliveryWindow;
  readonly session: Session;
  /** In ms of `performance.now()`. */
  readonly openedAt: number;
  /** Consumer tag of each queue that is being consumed. */
  readonly consumerTags: Map<ConsumedQueue, string>;
}

export class ChannelConsumer implements MessageConsumer, SessionUser {
  readonly #connection: BrokerConnection;
  readonly #options: ConsumeOptions;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #queues: Map<string, ConsumedQueue>;
  /** Queues that have been asked for and have not been consumed yet. */
  readonly #adding = new Map<string, AddingQueue>();
  /** Declared for the queues of the start. */
  #topology: Topology;
  #state: ConsumerStateName = 'waiting';
  #open: OpenChannel | undefined;
  #establishing: Promise<void> = Promise.resolve();
  readonly #waiters = new ConditionWaiters();
  readonly #rebuilds = new RebuildBackoff();
  #closing: Promise<void> | undefined;
  #isPaused = false;
  #prefetchCount: number;

  constructor(connection: BrokerConnection, options: ConsumeOptions, logger: Logger) {
    this.#connection = connection;
    this.#options = options;
    this.#logger = logger;
    this.#topology = options.topology;
    this.#prefetchCount = options.prefetchCount;
    this.#queues = new Map(options.queues.map((name) => [name, { name, topology: undefined, attempts: 0 }]));
    connection.attach(this);
  }

  get isConsuming(): boolean {
    return (
      this.#state === 'consuming' && [...this.#queues.values()].every((queue) => this.#isConsumed(queue))
    );
  }

  whenConsuming(): Promise<void> {
    return this.#until(() => this.isConsuming);
  }

  async add(name: string, topology: Topology): Promise<void> {
    const present = this.#queues.get(name);
    if (present !== undefined) {
      await this.#until(() => this.#isConsumed(present) || !this.#isWanted(present));
      if (!this.#isWanted(present)) throw removedError(name);
      return;
    }
    let adding = this.#adding.get(name);
    if (adding === undefined) {
      adding = { name, topology, attempts: 0, added: Promise.resolve() };
      this.#adding.set(name, adding);
      adding.added = this.#add(adding);
    }
    await adding.added;
  }

  async remove(name: string): Promise<void> {
    const adding = this.#adding.get(name);
    const queue = this.#queues.get(name);
    this.#adding.delete(name);
    this.#queues.delete(name);
    if (queue !== undefined && queue.topology === undefined)
      this.#topology = withoutQueue(this.#topology, name);
    this.#waiters.changed();
    // one that is being registered this instant is cancelled as soon as it is
    if (adding !== undefined) await settlesInTime(adding.added);
    if (queue === undefined) return;
    if (this.#state === 'establishing') await settlesInTime(this.#establishing);
    const open = this.#open;
    const tag = open?.consumerTags.get(queue);
    if (open === undefined || tag === undefined) return;
    open.consumerTags.delete(queue);
    this.#logger.info({ queue: name }, 'no longer consuming');
    await settlesInTime(open.channel.cancel(tag));
  }

  sessionOpened(session: Session): void {
    if (this.#state === 'waiting') this.#establish(session);
  }

  sessionLost(): void {
    this.#abandonChannel();
    if (this.#state !== 'cancelled' && this.#state !== 'closed') this.#setState('waiting');
  }

  pause(): void {
    this.#isPaused = true;
    const open = this.#open;
    if (open === undefined) return;
    for (const [queue, tag] of [...open.consumerTags]) {
      if (!this.#isHeldBack(queue)) continue;
      open.consumerTags.delete(queue);
      void settlesInTime(open.channel.cancel(tag));
    }
  }

  isPaused(name: string): boolean {
    const queue = this.#queues.get(name);
    return this.#isPaused && (queue === undefined || this.#isHeldBack(queue));
  }

  resume(prefetchCount: number): void {
    this.#isPaused = false;
    this.#prefetchCount = prefetchCount;
    const open = this.#open;
    if (open === undefined) return;
    // it holds for the consumers that are registered after it
    void settlesInTime(open.channel.prefetch(prefetchCount, false));
    if (this.#state !== 'consuming') return; // it consumes what is left once it is
    for (const queue of this.#queues.values()) if (!open.consumerTags.has(queue)) this.#resume(open, queue);
  }

  async cancel(): Promise<void> {
    if (this.#state === 'cancelled' || this.#state === 'closed') return;
    this.#setState('cancelled');
    this.#stopping.abort();
    this.#waiters.rejectAll(this.#closedError());
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
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    open.window.flush();
    open.window.invalidate(); // what is settled from here on would come after the close: the broker takes it back
    if (deleteQueues) {
      // a queue that cannot be deleted now goes by its x-expires
      await settlesInTime(Promise.allSettled(this.#names().map((queue) => open.channel.deleteQueue(queue))));
    }
    await closeChannel(open.channel);
  }

  #establish(session: Session, initialDelayMs = 0): void {
    this.#setState('establishing');
    this.#establishing = this.#establishUntilConsuming(session, initialDelayMs);
  }

  async #establishUntilConsuming(session: Session, initialDelayMs: number): Promise<void> {
    if (initialDelayMs > 0) await this.#sleep(initialDelayMs);
    for (let attempt = 0; this.#isEstablishingOn(session); attempt++) {
      try {
        await this.#connection.withChannel((channel) => declareTopology(channel, this.#topology));
        await this.#consumeOn(session);
        return;
      } catch (error) {
        // only a channel of this session: a later one may be consuming on the next session by now
        if (this.#open?.session === session) this.#abandonChannel();
        if (session.isOpen()) {
          this.#logger.error({ queues: this.#names(), reason: coerceError(error).message }, 'cannot consume');
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
    const open: OpenChannel = {
      channel,
      window: channelWindow(channel),
      session,
      openedAt: performance.now(),
      consumerTags: new Map(),
    };
    this.#open = open;
    let reason = '';
    channel.on('error', (error: Error) => (reason = error.message));
    channel.once('close', () => {
      this.#channelClosed(open, reason);
    });
    await channel.prefetch(this.#prefetchCount, false);
    const queues = [...this.#queues.values()].filter(({ topology }) => topology === undefined);
    for (const queue of queues) await this.#consumeQueue(open, queue);
    if (this.#state !== 'establishing') return;
    if (this.#open !== open) throw new Error(reason === '' ? 'the channel was closed' : reason);
    this.#setState('consuming');
    this.#logger.info({ queues: this.#names(), prefetchCount: this.#prefetchCount }, 'consuming');
    this.#waiters.changed();
    // added later, or cancelled before the others were registered
    for (const queue of this.#queues.values()) if (!open.consumerTags.has(queue)) this.#resume(open, queue);
  }

  async #consumeQueue(open: OpenChannel, queue: ConsumedQueue): Promise<void> {
    if (!this.#isWanted(queue) || this.#isHeldBack(queue) || open.consumerTags.has(queue)) return;
    const registration = { isCancelled: false };
    const { consumerTag } = await open.channel.consume(
      queue.name,
      (message) => {
        if (message === null) {
          registration.isCancelled = true;
          this.#consumerCancelled(open, queue);
          return;
        }
        this.#deliver(new ChannelDelivery(message, queue.name, open.window));
      },
      { noAck: false },
    );
    // the cancel may arrive together with the answer to consume, and is handled before this line
    if (registration.isCancelled) return;
    if (!this.#isWanted(queue) || this.#isHeldBack(queue) || open.consumerTags.has(queue)) {
      await open.channel.cancel(consumerTag);
      return;
    }
    queue.attempts = 0;
    open.consumerTags.set(queue, consumerTag);
  }

  /** An exception that escaped would close the channel: amqplib takes it for a fault of its own. */
  #deliver(delivery: ChannelDelivery): void {
    try {
      this.#options.onDelivery(delivery);
    } catch (error) {
      const { queue, deliveryTag } = delivery;
      this.#logger.error(
        { queue, deliveryTag, err: coerceError(error) },
        'delivery failed, message rejected',
      );
      if (!delivery.isSettled) delivery.reject({ requeue: false });
    }
  }

  async #add(queue: AddingQueue): Promise<void> {
    try {
      while (!(await this.#addOnce(queue))) await this.#pause(queue.attempts++);
    } catch (error) {
      if (this.#adding.get(queue.name) === queue) this.#adding.delete(queue.name);
      throw error;
    }
    this.#adding.delete(queue.name);
    this.#queues.set(queue.name, queue);
    this.#logger.info({ queue: queue.name }, 'consuming one more queue');
  }

  /** Whether the queue is consumed now; if not, channel or queue went meanwhile, and it is worth another try. */
  async #addOnce(queue: AddingQueue): Promise<boolean> {
    await this.#until(() => this.#state === 'consuming' || !this.#isWanted(queue));
    const open = this.#open;
    if (!this.#isWanted(queue)) throw removedError(queue.name);
    if (open === undefined) return false;
    try {
      await this.#declareFor(queue);
      await this.#consumeQueue(open, queue);
    } catch (error) {
      const refusal = refusalOf(error, {
        isSessionOpen: open.session.isOpen(),
        isChannelOpen: this.#open === open,
        lastError: this.#connection.lastError,
      });
      if (refusal !== undefined) throw refusal;
    }
    if (!this.#isWanted(queue)) throw removedError(queue.name);
    return this.#open === open && open.consumerTags.has(queue);
  }

  /** Declares what a queue needs and makes sure of it: to consume one that is missing would cost the others their channel. */
  async #declareFor({ name, topology = this.#topology }: ConsumedQueue): Promise<void> {
    await this.#connection.withChannel(async (channel) => {
      await declareTopology(channel, topology);
      if (!topology.queues.some((queue) => queue.name === name)) await channel.checkQueue(name);
    });
  }

  /** The broker cancelled the consumer: its queue was deleted, or its node left. */
  #consumerCancelled(open: OpenChannel, queue: ConsumedQueue): void {
    open.consumerTags.delete(queue);
    if (this.#state !== 'consuming' || this.#queues.get(queue.name) !== queue) return;
    this.#logger.warn({ queue: queue.name }, 'consumer cancelled by the broker');
    this.#resume(open, queue);
  }

  #resume(open: OpenChannel, queue: ConsumedQueue): void {
    const resuming = this.#resumeQueue(open, queue);
    this.#establishing = Promise.all([this.#establishing, resuming]).then(() => undefined);
  }

  async #resumeQueue(open: OpenChannel, queue: ConsumedQueue): Promise<void> {
    const isWorthIt = (): boolean =>
      this.#open === open && this.#state === 'consuming' && this.#isWanted(queue) && !this.#isHeldBack(queue);
    while (isWorthIt()) {
      await this.#pause(queue.attempts++);
      try {
        await this.#declareFor(queue);
        await this.#consumeQueue(open, queue);
        if (open.consumerTags.has(queue)) this.#logger.info({ queue: queue.name }, 'consuming again');
        this.#waiters.changed();
        return; // a consumer that was cancelled once more is being resumed once more
      } catch (error) {
        this.#logger.warn(
          { queue: queue.name, reason: coerceError(error).message },
          'cannot consume again yet',
        );
      }
    }
  }

  #channelClosed(open: OpenChannel, reason: string): void {
    if (this.#open !== open) return; // closed by us
    this.#abandonChannel();
    // without a reason the connection is going and sessionLost follows; otherwise an attempt or a cancel is under way
    if (reason === '' || this.#state !== 'consuming') return;
    logChannelClosed(this.#logger, this.#names(), reason);
    this.#establish(open.session, this.#rebuilds.delayMs(open.openedAt));
  }

  #abandonChannel(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    open.window.invalidate();
    try {
      this.#options.onDeliveriesLost?.();
    } catch (error) {
      this.#logger.error({ queues: this.#names(), err: coerceError(error) }, 'onDeliveriesLost failed');
    }
  }

  #isConsumed(queue: ConsumedQueue): boolean {
    return this.#open?.consumerTags.has(queue) === true;
  }

  /** False once it was removed, even if a queue of that name was added since. */
  #isWanted(queue: ConsumedQueue): boolean {
    return this.#queues.get(queue.name) === queue || this.#adding.get(queue.name) === queue;
  }

  /** Paused; but a queue that is deleted with its last consumer would go, and its messages with it. */
  #isHeldBack({ name, topology = this.#topology }: ConsumedQueue): boolean {
    return this.#isPaused && topology.queues.every((queue) => queue.name !== name || !queue.autoDelete);
  }

  #names(): string[] {
    return [...this.#queues.keys()];
  }

  #until(isMet: () => boolean): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.reject(this.#closedError());
    return this.#waiters.wait(isMet);
  }

  async #pause(attempt: number): Promise<void> {
    await this.#sleep(backoffMs(attempt));
  }

  async #sleep(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #setState(next: ConsumerStateName): void {
    this.#logger.debug({ queues: this.#names(), from: this.#state, to: next }, 'consumer state');
    this.#state = next;
  }

  #closedError(): IllegalStateError {
    return new IllegalStateError(`the consumer of ${this.#names().join(', ')} has been closed`);
  }
}

function removedError(queue: string): IllegalStateError {
  return new IllegalStateError(`queue ${queue} was removed before it was consumed`);
}
