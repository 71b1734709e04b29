import {
  OperationalError,
  type Binding,
  type ExchangeBinding,
  type ExchangeDeclaration,
  type QueueDeclaration,
  type Topology,
} from '@celeriac/amqp-transport';
import type { InMemoryMessage } from './in-memory-message.ts';
import { InMemoryQueue } from './in-memory-queue.ts';

/** A message that was rejected without `requeue`. */
export interface DeadLetter {
  readonly queue: string;
  readonly message: InMemoryMessage;
}

const predeclared: readonly ExchangeDeclaration[] = (['direct', 'fanout', 'topic'] as const).map((type) => ({
  name: `amq.${type}`,
  type,
  durable: true,
  autoDelete: false,
}));

/**
 * The part of RabbitMQ that unit specs need: the default exchange, direct, fanout and topic exchanges, bound to queues and to each other, queues with
 * prefetch, requeueing and dead-lettering (`x-dead-letter-exchange`, `x-dead-letter-routing-key`), exclusive and
 * auto-delete queues, and refusals with RabbitMQ's reply codes.
 *
 * It has no time: `x-expires`, `x-message-ttl` and the property `expiration` have no effect; nor has `x-max-priority`.
 * What depends on those is for integration specs.
 */
export class InMemoryBroker {
  readonly #exchanges = new Map(predeclared.map((exchange) => [exchange.name, exchange]));
  readonly #queues = new Map<string, InMemoryQueue>();
  readonly #listeners = new Set<() => void>();
  readonly #deadLettered: DeadLetter[] = [];
  #bindings: Binding[] = [];
  #exchangeBindings: ExchangeBinding[] = [];

  /** Every message rejected without `requeue`, whether or not its queue has a dead-letter exchange. */
  get deadLettered(): readonly DeadLetter[] {
    return this.#deadLettered;
  }

  get queueNames(): readonly string[] {
    return [...this.#queues.keys()];
  }

  /** Messages that wait in a queue and that no consumer has; empty when there is no such queue. */
  messagesIn(queue: string): readonly InMemoryMessage[] {
    return this.#queues.get(queue)?.ready ?? [];
  }

  /** @throws OperationalError 406 when something exists with other properties, 404 when a binding's end does not exist */
  declare(topology: Topology, owner: object): void {
    for (const exchange of topology.exchanges) this.#declareExchange(exchange);
    for (const queue of topology.queues) this.#declareQueue(queue, owner);
    for (const binding of topology.bindings) this.#bind(binding);
    for (const binding of topology.exchangeBindings ?? []) this.#bindExchange(binding);
  }

  /** Calls back when a queue comes or goes; returns how to stop that. */
  onQueuesChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws OperationalError 404 when there is no such queue, 405 when it is exclusive to another connection */
  queue(name: string, owner: object): InMemoryQueue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw refusal(404, `NOT_FOUND - no queue '${name}' in vhost '/'`);
    if (queue.declaration.exclusive && queue.owner !== owner)
      throw refusal(405, `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${name}'`);
    return queue;
  }

  /**
   * Routes a message; returns how many queues took it.
   *
   * @throws OperationalError 404 when there is no such exchange
   */
  route(message: InMemoryMessage): number {
    const names =
      message.exchange === ''
        ? [message.routingKey]
        : this.#boundQueues(message.exchange, message.routingKey);
    const queues = names.map((name) => this.#queues.get(name)).filter((queue) => queue !== undefined);
    for (const queue of queues) queue.push(message);
    return queues.length;
  }

  /** Drops a message that was rejected without `requeue`, or hands it to its queue's dead-letter exchange. */
  deadLetter(queue: InMemoryQueue, message: InMemoryMessage): void {
    this.#deadLettered.push({ queue: queue.name, message });
    const { 'x-dead-letter-exchange': exchange, 'x-dead-letter-routing-key': routingKey } =
      queue.declaration.arguments ?? {};
    if (typeof exchange !== 'string') return;
    if (exchange !== '' && !this.#exchanges.has(exchange)) return; // RabbitMQ drops it too
    this.route({
      ...message,
      exchange,
      routingKey: typeof routingKey === 'string' ? routingKey : message.routingKey,
    });
  }

  /** Deletes a queue with its messages and bindings, and cancels its consumers. */
  deleteQueue(name: string): void {
    const queue = this.#queues.get(name);
    if (queue === undefined) return;
    this.#queues.delete(name);
    this.#bindings = this.#bindings.filter((binding) => binding.queue !== name);
    queue.purge();
    queue.cancelConsumers();
    this.#queuesChanged();
  }

  /** True while the queue exists: another one of the same name does not count. */
  has(queue: InMemoryQueue): boolean {
    return this.#queues.get(queue.name) === queue;
  }

  /** A consumer has left: an auto-delete queue goes with its last one. */
  consumerLeft(queue: InMemoryQueue): void {
    if (queue.declaration.autoDelete && queue.consumerCount === 0 && this.has(queue))
      this.deleteQueue(queue.name);
  }

  /** A connection has gone, and its exclusive queues with it. */
  ownerLeft(owner: object): void {
    for (const queue of [...this.#queues.values()])
      if (queue.declaration.exclusive && queue.owner === owner) this.deleteQueue(queue.name);
  }

  #queuesChanged(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #declareExchange(exchange: ExchangeDeclaration): void {
    if (exchange.type === 'headers')
      throw new Error(
        `exchange ${exchange.name}: the in-memory broker has no headers exchanges; use an integration spec`,
      );
    const present = this.#exchanges.get(exchange.name);
    if (present !== undefined && !isSame(present, exchange))
      throw refusal(
        406,
        `PRECONDITION_FAILED - inequivalent arg for exchange '${exchange.name}' in vhost '/'`,
      );
    this.#exchanges.set(exchange.name, exchange);
  }

  #declareQueue(declaration: QueueDeclaration, owner: object): void {
    if (!this.#queues.has(declaration.name)) {
      this.#queues.set(declaration.name, new InMemoryQueue(declaration, owner));
      this.#queuesChanged();
      return;
    }
    if (!isSame(this.queue(declaration.name, owner).declaration, declaration))
      throw refusal(
        406,
        `PRECONDITION_FAILED - inequivalent arg for queue '${declaration.name}' in vhost '/'`,
      );
  }

  #bind(binding: Binding): void {
    if (!this.#queues.has(binding.queue))
      throw refusal(404, `NOT_FOUND - no queue '${binding.queue}' in vhost '/'`);
    this.#exchangeNamed(binding.exchange);
    if (!this.#bindings.some((present) => isSame(present, binding))) this.#bindings.push(binding);
  }

  #bindExchange(binding: ExchangeBinding): void {
    this.#exchangeNamed(binding.source);
    this.#exchangeNamed(binding.destination);
    if (!this.#exchangeBindings.some((present) => isSame(present, binding)))
      this.#exchangeBindings.push(binding);
  }

  #exchangeNamed(name: string): ExchangeDeclaration {
    const exchange = this.#exchanges.get(name);
    if (exchange === undefined) throw refusal(404, `NOT_FOUND - no exchange '${name}' in vhost '/'`);
    return exchange;
  }

  #boundQueues(exchangeName: string, routingKey: string): string[] {
    const seen = new Set<string>();
    const queues = new Set<string>();
    const visit = (name: string): void => {
      if (seen.has(name)) return; // exchanges may be bound in a circle
      seen.add(name);
      const { type } = this.#exchangeNamed(name);
      const takes = (binding: { readonly routingKey: string }): boolean =>
        type === 'fanout' ||
        (type === 'topic' ? matchesTopic(binding.routingKey, routingKey) : binding.routingKey === routingKey);
      for (const { exchange, queue, ...binding } of this.#bindings)
        if (exchange === name && takes(binding)) queues.add(queue);
      for (const { source, destination, ...binding } of this.#exchangeBindings)
        if (source === name && takes(binding)) visit(destination);
    };
    visit(exchangeName);
    return [...queues];
  }
}

function refusal(replyCode: number, replyText: string): OperationalError {
  return new OperationalError('ERR_CHANNEL_CLOSED', replyText, { replyCode });
}

/** Same properties; absent arguments are empty ones. */
function isSame<T extends ExchangeDeclaration | QueueDeclaration | Binding | ExchangeBinding>(
  a: T,
  b: T,
): boolean {
  return canonical(a) === canonical(b);
}

function canonical(declaration: object): string {
  return JSON.stringify({ arguments: {}, ...declaration }, (_key, value: unknown) =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** A topic pattern: words between dots, `*` is one word, `#` any number of them. */
export function matchesTopic(pattern: string, routingKey: string): boolean {
  return matchesWords(words(pattern), words(routingKey));
}

function words(text: string): string[] {
  return text === '' ? [] : text.split('.');
}

function matchesWords(pattern: readonly string[], key: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return key.length === 0;
  if (first === '#')
    return matchesWords(rest, key) || (key.length > 0 && matchesWords(pattern, key.slice(1)));
  if (key.length === 0) return false;
  return (first === '*' || first === key[0]) && matchesWords(rest, key.slice(1));
}
