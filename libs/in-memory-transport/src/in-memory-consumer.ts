import type { ConsumeOptions, MessageConsumer, Topology } from '@celeriac/amqp-transport';
import { coerceError, IllegalStateError } from '@celeriac/primitives';
import { InMemoryDelivery, type SettlementChannel } from './in-memory-delivery.ts';
import type { InMemoryLink, LinkUser } from './in-memory-link.ts';
import type { QueuedMessage } from './in-memory-message.ts';
import type { InMemoryQueue, QueueConsumer } from './in-memory-queue.ts';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A queue that has been asked for and is not consumed yet. */
interface AddingQueue {
  readonly topology: Topology;
  readonly waiters: Waiter[];
}

/** A consumer of an in-memory broker: registered in the turn after it may be, and again after every loss. */
export class InMemoryConsumer implements MessageConsumer, LinkUser {
  readonly #link: InMemoryLink;
  readonly #options: ConsumeOptions;
  readonly #stopListening: () => void;
  /** What each queue needs declared; the queues of the start share one. */
  readonly #queues: Map<string, Topology>;
  readonly #adding = new Map<string, AddingQueue>();
  #channel: ConsumerChannel | undefined;
  #state: 'running' | 'cancelled' | 'closed' = 'running';
  #isPaused = false;
  #prefetchCount: number;
  #isRegistering = false;
  #waiters: Waiter[] = [];

  constructor(link: InMemoryLink, options: ConsumeOptions) {
    this.#link = link;
    this.#options = options;
    this.#prefetchCount = options.prefetchCount;
    this.#queues = new Map(options.queues.map((name) => [name, options.topology]));
    link.attach(this);
    // a queue that was missing may be there now, one that was in the way may be gone
    this.#stopListening = link.broker.onQueuesChanged(() => {
      this.#registerSoon();
    });
  }

  get isConsuming(): boolean {
    return this.#state === 'running' && this.#channel?.hasAll(this.#queues.keys()) === true;
  }

  whenConsuming(): Promise<void> {
    if (this.isConsuming) return Promise.resolve();
    if (this.#state !== 'running') return Promise.reject(this.#closedError());
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  add(name: string, topology: Topology): Promise<void> {
    if (this.#state !== 'running') return Promise.reject(this.#closedError());
    if (this.#queues.has(name)) return this.whenConsuming();
    return new Promise((resolve, reject) => {
      const waiters = this.#adding.get(name)?.waiters ?? [];
      waiters.push({ resolve, reject });
      this.#adding.set(name, { topology, waiters });
      this.#registerSoon();
    });
  }

  remove(name: string): Promise<void> {
    this.#giveUp(name, new IllegalStateError(`queue ${name} was removed before it was consumed`));
    this.#queues.delete(name);
    this.#channel?.unsubscribe(name);
    this.#tellWaiters();
    return Promise.resolve();
  }

  linkUp(): void {
    this.#registerSoon();
  }

  linkDown(): void {
    if (this.#channel === undefined) return;
    this.#channel.end();
    this.#channel = undefined;
    if (this.#state !== 'closed') this.#options.onDeliveriesLost?.();
  }

  pause(): void {
    this.#isPaused = true;
    for (const [name, topology] of this.#queues)
      if (!deletesWithConsumer(topology, name)) this.#channel?.unsubscribe(name);
  }

  isPaused(name: string): boolean {
    const topology = this.#queues.get(name);
    return this.#isPaused && (topology === undefined || !deletesWithConsumer(topology, name));
  }

  resume(prefetchCount: number): void {
    this.#isPaused = false;
    this.#prefetchCount = prefetchCount;
    this.#registerSoon();
  }

  cancel(): Promise<void> {
    if (this.#state === 'running') {
      this.#state = 'cancelled';
      this.#stopListening();
      this.#channel?.unsubscribeAll();
      for (const name of [...this.#adding.keys()]) this.#giveUp(name, this.#closedError());
      for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#closedError());
    }
    return Promise.resolve();
  }

  async close(options: { readonly deleteQueues?: boolean } = {}): Promise<void> {
    if (this.#state === 'closed') return;
    await this.cancel();
    this.#state = 'closed';
    this.#link.detach(this);
    this.linkDown();
    if (options.deleteQueues === true && this.#link.isUp)
      for (const queue of this.#queues.keys()) this.#link.broker.deleteQueue(queue);
  }

  #registerSoon(): void {
    if (this.#isRegistering) return;
    this.#isRegistering = true;
    setImmediate(() => {
      this.#register();
      this.#isRegistering = false; // only now: what we declare calls us
    });
  }

  #register(): void {
    if (this.#state !== 'running' || !this.#link.isUp || this.#isPaused) return;
    this.#channel ??= new ConsumerChannel(this.#link, this.#options, () => {
      this.#registerSoon();
    });
    try {
      for (const [name, topology] of this.#queues) this.#subscribe(this.#channel, name, topology);
    } catch {
      return; // refused: the real one tries again with backoff, this one when a queue comes or goes
    }
    for (const [name, { topology }] of [...this.#adding]) this.#tryToAdd(this.#channel, name, topology);
    this.#tellWaiters();
  }

  #subscribe(channel: ConsumerChannel, name: string, topology: Topology): void {
    if (channel.hasAll([name])) return;
    this.#link.broker.declare(topology, this.#link);
    channel.subscribe(name, this.#prefetchCount);
  }

  #tryToAdd(channel: ConsumerChannel, name: string, topology: Topology): void {
    try {
      this.#subscribe(channel, name, topology);
    } catch (error) {
      this.#giveUp(name, coerceError(error));
      return;
    }
    this.#queues.set(name, topology);
    for (const waiter of this.#adding.get(name)?.waiters ?? []) waiter.resolve();
    this.#adding.delete(name);
  }

  #giveUp(name: string, error: Error): void {
    for (const waiter of this.#adding.get(name)?.waiters ?? []) waiter.reject(error);
    this.#adding.delete(name);
  }

  #tellWaiters(): void {
    if (!this.isConsuming) return;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  #closedError(): IllegalStateError {
    return new IllegalStateError(`the consumer of ${[...this.#queues.keys()].join(', ')} has been closed`);
  }
}

function deletesWithConsumer({ queues }: Topology, name: string): boolean {
  return queues.some((queue) => queue.name === name && queue.autoDelete);
}

/** The channel of a consumer, with what is unsettled on it. */
class ConsumerChannel implements SettlementChannel {
  readonly #link: InMemoryLink;
  readonly #options: ConsumeOptions;
  readonly #onCancelled: () => void;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #unsettled = new Map<InMemoryDelivery, Subscription>();
  #nextTag = 1;
  #isVoid = false;

  constructor(link: InMemoryLink, options: ConsumeOptions, onCancelled: () => void) {
    this.#link = link;
    this.#options = options;
    this.#onCancelled = onCancelled;
  }

  get isVoid(): boolean {
    return this.#isVoid;
  }

  /** True while each of the queues has a consumer. */
  hasAll(names: Iterable<string>): boolean {
    return [...names].every((name) => this.#subscriptions.has(name));
  }

  unsettledOf(subscription: Subscription): number {
    return [...this.#unsettled.values()].filter((each) => each === subscription).length;
  }

  /** @throws OperationalError when the queue does not exist or is another's */
  subscribe(name: string, prefetchCount: number): void {
    const queue = this.#link.broker.queue(name, this.#link);
    const subscription = new Subscription(this, queue, prefetchCount);
    this.#subscriptions.set(name, subscription);
    queue.subscribe(subscription);
  }

  unsubscribe(name: string): void {
    const subscription = this.#subscriptions.get(name);
    if (subscription === undefined) return;
    this.#subscriptions.delete(name);
    subscription.queue.unsubscribe(subscription);
    this.#link.broker.consumerLeft(subscription.queue);
  }

  unsubscribeAll(): void {
    for (const name of [...this.#subscriptions.keys()]) this.unsubscribe(name);
  }

  queueDeleted(queue: InMemoryQueue): void {
    if (!this.#subscriptions.delete(queue.name)) return;
    this.#onCancelled();
  }

  take(queued: QueuedMessage, queue: InMemoryQueue, subscription: Subscription): void {
    const { onDelivery } = this.#options;
    const deliveryTag = this.#nextTag++;
    const delivery = new InMemoryDelivery({ queued, queue, deliveryTag, channel: this });
    this.#unsettled.set(delivery, subscription);
    this.#link.journal.write({ event: 'delivered', message: queued.message, queue: queue.name });
    try {
      onDelivery(delivery);
    } catch {
      // as the real one, which logs it: the message must not come again and again
      if (!delivery.isSettled) delivery.reject({ requeue: false });
    }
  }

  settle(delivery: InMemoryDelivery, outcome: 'ack' | 'requeue' | 'reject'): void {
    this.#unsettled.delete(delivery);
    const { from, queued } = delivery;
    const { message } = queued;
    if (outcome === 'ack') {
      this.#link.journal.write({ event: 'acked', message, queue: from.name });
    } else {
      const requeue = outcome === 'requeue';
      this.#link.journal.write({ event: 'rejected', message, queue: from.name, requeue });
      if (requeue) this.#giveBack(delivery);
      else this.#link.broker.deadLetter(from, message);
    }
    from.dispatchSoon(); // there is room again
  }

  /** The channel is gone: whatever is unsettled goes back to its queue. */
  end(): void {
    this.#isVoid = true;
    // before the queues lose their consumer: a message of an auto-delete queue goes with the queue
    for (const delivery of this.#unsettled.keys()) this.#giveBack(delivery);
    this.#unsettled.clear();
    this.unsubscribeAll();
  }

  #giveBack(delivery: InMemoryDelivery): void {
    if (this.#link.broker.has(delivery.from)) delivery.from.requeue(delivery.queued);
  }
}

/** One queue of a consumer. */
class Subscription implements QueueConsumer {
  readonly queue: InMemoryQueue;
  readonly #channel: ConsumerChannel;
  readonly #prefetchCount: number;

  constructor(channel: ConsumerChannel, queue: InMemoryQueue, prefetchCount: number) {
    this.#channel = channel;
    this.queue = queue;
    this.#prefetchCount = prefetchCount === 0 ? Infinity : prefetchCount;
  }

  get hasRoom(): boolean {
    return this.#channel.unsettledOf(this) < this.#prefetchCount;
  }

  take(queued: QueuedMessage, queue: InMemoryQueue): void {
    this.#channel.take(queued, queue, this);
  }

  cancelled(queue: InMemoryQueue): void {
    this.#channel.queueDeleted(queue);
  }
}
