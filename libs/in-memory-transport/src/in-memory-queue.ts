import type { QueueDeclaration } from '@celeriac/amqp-transport';
import type { InMemoryMessage, QueuedMessage } from './in-memory-message.ts';

/** Who takes messages from an in-memory queue. */
export interface QueueConsumer {
  /** False while as many messages are unsettled as its prefetch count allows. */
  readonly hasRoom: boolean;
  take(queued: QueuedMessage, queue: InMemoryQueue): void;
  /** The queue was deleted. */
  cancelled(queue: InMemoryQueue): void;
}

/** A queue: messages in order, given in turn to the consumers that have room, never in the turn that brought them. */
export class InMemoryQueue {
  readonly declaration: QueueDeclaration;
  /** The connection that an exclusive queue belongs to. */
  readonly owner: object;
  #ready: QueuedMessage[] = [];
  #consumers: QueueConsumer[] = [];
  #nextSequence = 1;
  #isDispatchDue = false;

  constructor(declaration: QueueDeclaration, owner: object) {
    this.declaration = declaration;
    this.owner = owner;
  }

  get name(): string {
    return this.declaration.name;
  }

  get consumerCount(): number {
    return this.#consumers.length;
  }

  /** Messages that no consumer has. */
  get ready(): readonly InMemoryMessage[] {
    return this.#ready.map(({ message }) => message);
  }

  push(message: InMemoryMessage): void {
    this.#ready.push({ message, sequence: this.#nextSequence++, redelivered: false });
    this.dispatchSoon();
  }

  /** Puts a message back where it was. */
  requeue(queued: QueuedMessage): void {
    const found = this.#ready.findIndex(({ sequence }) => sequence > queued.sequence);
    const at = found === -1 ? this.#ready.length : found;
    this.#ready.splice(at, 0, { ...queued, redelivered: true });
    this.dispatchSoon();
  }

  /** Removes what no consumer has; returns how many messages that were. */
  purge(): number {
    return this.#ready.splice(0).length;
  }

  /** Removes the first message that no consumer has; returns how many remain. */
  takeFirst(): number {
    this.#ready.shift();
    return this.#ready.length;
  }

  subscribe(consumer: QueueConsumer): void {
    this.#consumers.push(consumer);
    this.dispatchSoon();
  }

  unsubscribe(consumer: QueueConsumer): void {
    this.#consumers = this.#consumers.filter((each) => each !== consumer);
  }

  cancelConsumers(): void {
    for (const consumer of this.#consumers.splice(0)) consumer.cancelled(this);
  }

  dispatchSoon(): void {
    if (this.#isDispatchDue) return;
    this.#isDispatchDue = true;
    setImmediate(() => {
      this.#isDispatchDue = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#ready.length > 0) {
      const index = this.#consumers.findIndex(({ hasRoom }) => hasRoom);
      const [consumer] = index === -1 ? [] : this.#consumers.splice(index, 1);
      if (consumer === undefined) return;
      this.#consumers.push(consumer); // the next message is another's turn
      const queued = this.#ready.shift();
      if (queued !== undefined) consumer.take(queued, this);
    }
  }
}
