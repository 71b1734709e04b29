/**
 * Delays kept by the broker (Celery 5.5 and later): 28 queues, one for each bit of a number of seconds, through which a
 * message passes whose routing key has that bit set. Queue n holds messages for 2ⁿ seconds and dead-letters them to level
 * n − 1; what has passed level 0 reaches the exchange `celery_delayed_delivery`.
 *
 * ```
 * routing key  = 28 bits, highest first, joined by dots, then "." and the key that the message is for
 * 5 s for "qq" = 0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.1.qq
 * ```
 */
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { isQuorumQueue, resolveTaskQueue, type QueueType, type TaskQueue } from './task-queue.ts';
import type { TaskQueueTopology } from './task-queue-topology.ts';

const levelCount = 28;
const longestDelaySeconds = 2 ** levelCount - 1;
const deliveryExchange = 'celery_delayed_delivery';
const anyPrefix = '*.'.repeat(levelCount);
const prefixes = new RegExp(`^(?:(?:[01]\\.){${levelCount}})+`);
/** Last word of the keys of messages for one queue; a topic exchange of Python's that is bound with `#.<key>` has none such. */
const queueMark = '.celeriac_queue';
/** AMQP carries routing keys as short strings. */
const longestKeyBytes = 255 - 2 * levelCount;

/** Where to publish a message. */
export interface MessageRoute {
  readonly exchange: string;
  readonly routingKey: string;
}

/**
 * The exchanges and queues of all levels, and their bindings; they are the same for all applications of a virtual host.
 *
 * [DELAY-TOPOLOGY] Source: kombu 5.6.2, kombu/transport/native_delayed_delivery.py
 * `declare_native_delayed_delivery_exchanges_and_queues`; recorded quorum-native-delay: `startup_quorum_native_delayed`.
 *
 * @param queueType - `broker_native_delayed_delivery_queue_type`, as everyone on the virtual host has it
 */
export function delayedDeliveryTopology(queueType: QueueType = 'quorum'): TaskQueueTopology {
  const levels = Array.from({ length: levelCount }, (_, index) => levelCount - 1 - index);
  const names = levels.map(levelName);
  return {
    exchanges: [...names, deliveryExchange].map((name) => ({
      name,
      type: 'topic',
      durable: true,
      autoDelete: false,
    })),
    queues: levels.map((level) => ({
      name: levelName(level),
      durable: true,
      exclusive: false,
      autoDelete: false,
      arguments: {
        'x-queue-type': queueType,
        'x-overflow': 'reject-publish',
        'x-message-ttl': 2 ** level * 1000,
        'x-dead-letter-exchange': nextExchange(level),
        ...(queueType === 'quorum' && { 'x-dead-letter-strategy': 'at-least-once' }),
      },
    })),
    bindings: levels.map((level) => ({
      queue: levelName(level),
      exchange: levelName(level),
      routingKey: `${wordsAbove(level)}1.#`,
    })),
    exchangeBindings: levels.map((level) => ({
      destination: nextExchange(level),
      source: levelName(level),
      routingKey: `${wordsAbove(level)}0.#`,
    })),
  };
}

/**
 * How delayed messages reach task queues: through their own exchange, unless that is direct, for which there are no
 * patterns; nor do broadcasts take part.
 *
 * [DELAY-BINDINGS] Source: kombu 5.6.2, kombu/transport/native_delayed_delivery.py
 * `bind_queue_to_native_delayed_delivery_exchange`; Celery 5.7.0, celery/worker/consumer/delayed_delivery.py; recorded
 * quorum-native-delay: `startup_quorum_native_delayed`.
 */
export function delayedDeliveryBindings(queues: readonly TaskQueue[]): TaskQueueTopology {
  const bound = queues
    .map(resolveTaskQueue)
    .filter(
      ({ exchangeType, exchange, broadcast }) => exchangeType !== 'direct' && exchange !== '' && !broadcast,
    )
    .map((queue) => ({
      ...queue,
      pattern: queue.routingKey.startsWith('#') ? queue.routingKey : `#.${queue.routingKey}`,
    }));
  return {
    exchanges: [],
    queues: [],
    bindings: bound.map(({ name, exchange, pattern }) => ({ queue: name, exchange, routingKey: pattern })),
    exchangeBindings: bound.map(({ exchange, pattern }) => ({
      destination: exchange,
      source: deliveryExchange,
      routingKey: pattern,
    })),
  };
}

/**
 * How delayed messages reach one queue, whatever its exchange: for {@link delayedRouteToQueue}. Celery has nothing like it
 * and holds such messages in the worker.
 */
export function delayedDeliveryBindingForQueue(queue: string): TaskQueueTopology {
  return {
    exchanges: [],
    queues: [],
    bindings: [{ queue, exchange: deliveryExchange, routingKey: `${anyPrefix}${queue}${queueMark}` }],
  };
}

/** Whether calls to a queue are delayed by the broker: a quorum queue whose exchange knows patterns. */
export function delaysNatively(queue: string | TaskQueue): boolean {
  const { exchange, exchangeType, broadcast } = resolveTaskQueue(queue);
  return isQuorumQueue(queue) && exchangeType !== 'direct' && exchange !== '' && !broadcast;
}

/**
 * Where to publish a message that is to arrive after a delay, whole seconds of it; the rest is for the worker, by the
 * header `eta`. Undefined when the delay is under a second: then it is published as usual. The prefixes that retries have
 * left on the routing key go.
 *
 * [DELAY-ROUTE] Source: kombu 5.6.2, kombu/transport/native_delayed_delivery.py `calculate_routing_key`; Celery 5.7.0,
 * celery/app/base.py `send_task`, which fails on delays under a second; recorded pure-functions:
 * `native_delay_routing_key`, quorum-native-delay: `quorum_countdown_5`, `quorum_countdown_0_5`.
 *
 * @throws ImproperlyConfiguredError when the delay is longer than 2²⁸ − 1 s, or the routing key is empty or over 199 bytes
 */
export function delayedRoute(delayMs: number, routingKey: string): MessageRoute | undefined {
  const seconds = Math.floor(delayMs / 1000);
  if (seconds < 1) return undefined;
  if (seconds > longestDelaySeconds)
    throw new ImproperlyConfiguredError(
      `a delay must be at most ${longestDelaySeconds} s (8.5 years) where the broker keeps it, got ${seconds} s`,
    );
  const key = originalKey(routingKey);
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > longestKeyBytes)
    throw new ImproperlyConfiguredError(
      `the routing key of a delayed message must have 1 to ${longestKeyBytes} bytes, got ${bytes}: ${key.slice(0, 40)}`,
    );
  const bits = seconds.toString(2).padStart(levelCount, '0').split('').join('.');
  return { exchange: levelName(levelCount - 1), routingKey: `${bits}.${key}` };
}

/**
 * As {@link delayedRoute}, straight to a queue that is bound as {@link delayedDeliveryBindingForQueue} says.
 *
 * @throws ImproperlyConfiguredError when the delay is too long, or the name of the queue over 184 bytes
 */
export function delayedRouteToQueue(delayMs: number, queue: string): MessageRoute | undefined {
  const route = delayedRoute(delayMs, `${queue}${queueMark}`);
  if (route === undefined) return undefined;
  // straight to the first level that holds it: each exchange above would cost the broker a match of 28 words
  const highestBit = 31 - Math.clz32(Math.floor(delayMs / 1000));
  return { ...route, exchange: levelName(highestBit) };
}

/**
 * The routing key as it was before the broker delayed the message, also when retries of Python workers have prefixed it
 * more than once: of {@link delayedRoute} the key, of {@link delayedRouteToQueue} the queue.
 */
export function originalRoutingKey(routingKey: string): string {
  const key = originalKey(routingKey);
  const isForQueue = key !== routingKey && key.endsWith(queueMark);
  return isForQueue ? key.slice(0, -queueMark.length) : key;
}

function originalKey(routingKey: string): string {
  return routingKey.replace(prefixes, '');
}

function levelName(level: number): string {
  return `celery_delayed_${level}`;
}

function nextExchange(level: number): string {
  return level === 0 ? deliveryExchange : levelName(level - 1);
}

/** One `*` for each bit above that of a level. */
function wordsAbove(level: number): string {
  return '*.'.repeat(levelCount - 1 - level);
}
