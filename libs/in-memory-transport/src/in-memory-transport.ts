import {
  type ConsumeOptions,
  type MessageConsumer,
  type MessagePublisher,
  type MessageProperties,
  type OperationalError,
  type PublisherOptions,
  type QueueDeclaration,
  type Topology,
  type Transport,
} from '@celeriac/amqp-transport';
import { InMemoryBroker, type DeadLetter } from './in-memory-broker.ts';
import { InMemoryConsumer } from './in-memory-consumer.ts';
import { InMemoryJournal } from './in-memory-journal.ts';
import { InMemoryLink } from './in-memory-link.ts';
import { overTheWire, type InMemoryMessage } from './in-memory-message.ts';
import { InMemoryPublisher, type PublishFaults } from './in-memory-publisher.ts';

/** A message for {@link InMemoryTransport.put}. */
export interface PutMessage {
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly properties?: MessageProperties;
  /** Makes the delivery one whose headers could not be read. */
  readonly damage?: Error;
}

export interface InMemoryTransportOptions {
  /** Shared by transports that are to talk to each other. Default a broker of its own. */
  readonly broker?: InMemoryBroker;
}

/**
 * A Transport without a broker process, for specs of what is built on one: the same contract, the same asynchrony (a
 * message arrives in a later turn than it was sent), no I/O and no timers, except for a publisher's `timeoutMs`.
 *
 * Differences from the real one: settling takes effect at once instead of at the end of the turn, and a consumer whose
 * queue cannot be declared or is missing tries again when a queue comes or goes instead of after a delay.
 *
 * @example
 * const transport = new InMemoryTransport();
 * await transport.consume({ queues: ['addition'], topology, prefetchCount: 2, onDelivery }).whenConsuming();
 * transport.put('addition', { body: Buffer.from('[[], {}, {}]') });
 * await until(() => transport.journal.of('acked').length === 1);
 */
export class InMemoryTransport implements Transport {
  readonly broker: InMemoryBroker;
  /** All that happened on this transport, in order. */
  readonly journal = new InMemoryJournal();
  readonly #link: InMemoryLink;
  readonly #publishers = new Set<InMemoryPublisher>();
  readonly #faults: PublishFaults = { refuse: undefined, areConfirmsHeld: false };

  constructor(options: InMemoryTransportOptions = {}) {
    this.broker = options.broker ?? new InMemoryBroker();
    this.#link = new InMemoryLink(this.broker, this.journal);
  }

  get isConnected(): boolean {
    return this.#link.isUp;
  }

  /** The messages that the broker took from publishers of this transport, unroutable ones included, in order. */
  get published(): readonly InMemoryMessage[] {
    return this.journal.of('published').map(({ message }) => message);
  }

  /** Messages that were rejected without `requeue`, by anyone on the broker. */
  get deadLettered(): readonly DeadLetter[] {
    return this.broker.deadLettered;
  }

  consume(options: ConsumeOptions): MessageConsumer {
    return new InMemoryConsumer(this.#link, options);
  }

  publisher(options: PublisherOptions): MessagePublisher {
    const publisher = new InMemoryPublisher(this.#link, options, this.#faults);
    this.#publishers.add(publisher);
    return publisher;
  }

  declare(topology: Topology): Promise<void> {
    if (!this.#link.isUp) return Promise.reject(this.#link.unavailable());
    return Promise.resolve().then(() => {
      this.broker.declare(topology, this.#link);
    });
  }

  purge(queue: string): Promise<number> {
    if (!this.#link.isUp) return Promise.reject(this.#link.unavailable());
    return Promise.resolve().then(() => this.broker.queue(queue, this.#link).purge());
  }

  countMessages(queue: QueueDeclaration): Promise<number> {
    if (!this.#link.isUp) return Promise.reject(this.#link.unavailable());
    return Promise.resolve().then(() => {
      this.broker.declare({ exchanges: [], queues: [queue], bindings: [] }, this.#link);
      return this.broker.queue(queue.name, this.#link).ready.length;
    });
  }

  takeMessage(queue: string): Promise<number> {
    if (!this.#link.isUp) return Promise.reject(this.#link.unavailable());
    return Promise.resolve().then(() => this.broker.queue(queue, this.#link).takeFirst());
  }

  deleteQueue(queue: string): Promise<void> {
    if (!this.#link.isUp) return Promise.reject(this.#link.unavailable());
    return Promise.resolve().then(() => {
      this.broker.deleteQueue(queue);
    });
  }

  close(): Promise<void> {
    this.#link.close();
    return Promise.resolve();
  }

  /** Puts a message into a queue, as another program would. @throws OperationalError 404 when there is no such queue */
  put(queue: string, message: PutMessage): void {
    const { body, headers = {}, properties = {}, damage } = message;
    const arriving = overTheWire({
      exchange: '',
      routingKey: queue,
      properties,
      headers,
      body,
      mandatory: false,
    });
    this.broker.queue(queue, this.#link).push({ ...arriving, damage });
  }

  /** Messages that wait in a queue and that no consumer has. */
  messagesIn(queue: string): readonly InMemoryMessage[] {
    return this.broker.messagesIn(queue);
  }

  /**
   * Cuts the connection, which comes back in the next turn: every unsettled delivery is lost and will be delivered
   * again, unconfirmed publishes are sent again, exclusive queues are gone and are declared anew by their consumers.
   */
  loseConnection(): void {
    this.disconnect();
    setImmediate(() => {
      this.reconnect();
    });
  }

  /** Cuts the connection until {@link reconnect}. */
  disconnect(): void {
    this.#link.down('the in-memory connection was cut');
  }

  reconnect(): void {
    this.#link.up();
  }

  /** Plays `connection.blocked` and its end: publishes wait meanwhile. */
  setBlocked(isBlocked: boolean): void {
    this.#link.setBlocked(isBlocked);
  }

  /** The broker takes messages and keeps their confirms back until {@link releaseConfirms}. */
  holdConfirms(): void {
    this.#faults.areConfirmsHeld = true;
  }

  /** Gives the confirms that were kept back, in order. */
  releaseConfirms(): void {
    this.#faults.areConfirmsHeld = false;
    for (const publisher of this.#publishers) publisher.confirmHeld();
  }

  /** Makes publishes fail: the rule is asked for each message, and what it returns is the failure. `undefined` ends it. */
  refusePublishes(rule: ((message: InMemoryMessage) => OperationalError | undefined) | undefined): void {
    this.#faults.refuse = rule;
  }
}
