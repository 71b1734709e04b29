import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { randomUUID } from 'node:crypto';

/** An argument of a declaration. Integers are written as `I`, beyond 32 bits as `l`, other numbers as doubles. */
export type QueueArgument =
  string | number | boolean | null | readonly QueueArgument[] | { readonly [name: string]: QueueArgument };

export type QueueArguments = Readonly<Record<string, QueueArgument>>;

export const exchangeTypes = ['direct', 'topic', 'fanout', 'headers'] as const;
export type ExchangeType = (typeof exchangeTypes)[number];

export const queueTypes = ['classic', 'quorum'] as const;
export type QueueType = (typeof queueTypes)[number];

/**
 * A task queue, with the options of kombu's `Queue` and of its `Exchange`. Whoever declares a queue, in Python or here,
 * has to give it the same ones: RabbitMQ refuses a declaration that differs (406).
 */
export interface TaskQueue {
  readonly name: string;
  /** Another name that calls may use. */
  readonly alias?: string;
  /** Exchange that it is bound to. Default the name of the queue; empty for the default exchange, which needs no binding. */
  readonly exchange?: string;
  /** Default `direct`. The exchange is durable and not deleted automatically, as kombu's are. */
  readonly exchangeType?: ExchangeType;
  /** Key of the binding, and of calls to the queue. Default the name of the queue. */
  readonly routingKey?: string;
  /** Such as `x-dead-letter-exchange`; those that have an option of their own are better given by it, which wins. */
  readonly queueArguments?: QueueArguments;
  readonly exchangeArguments?: QueueArguments;
  readonly bindingArguments?: QueueArguments;
  /** Default true. */
  readonly durable?: boolean;
  /** The queue goes with its last consumer. Default false. */
  readonly autoDelete?: boolean;
  /** For one connection alone; the queue goes with it. Default false. */
  readonly exclusive?: boolean;
  /** Nothing is declared: the queue is there, or somebody else makes it. Default false. */
  readonly noDeclare?: boolean;
  /** `quorum` is declared as `x-queue-type`, `classic` is not mentioned, as in Celery. */
  readonly queueType?: QueueType;
  /** `x-max-priority`, 1 to 255. RabbitMQ has it for classic queues alone. */
  readonly maxPriority?: number;
  /** `x-message-ttl`, in seconds. */
  readonly messageTtl?: number;
  /** `x-expires`, in seconds: an unused queue goes after that. */
  readonly expires?: number;
  /** `x-max-length`, in messages. */
  readonly maxLength?: number;
  /** `x-max-length-bytes`. */
  readonly maxLengthBytes?: number;
  /** Each consumer has a queue of its own, so whoever calls declares the exchange alone; see {@link broadcastQueue}. */
  readonly broadcast?: boolean;
}

/** A task queue with everything decided. */
export interface ResolvedTaskQueue extends TaskQueue {
  readonly exchange: string;
  readonly exchangeType: ExchangeType;
  readonly routingKey: string;
  readonly queueArguments: QueueArguments;
  readonly exchangeArguments: QueueArguments;
  readonly bindingArguments: QueueArguments;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly exclusive: boolean;
  readonly noDeclare: boolean;
  readonly broadcast: boolean;
}

/**
 * A queue given by its name or its options, with the defaults for the rest.
 *
 * [QUEUE-OPTIONS] Source: kombu 5.6.2, kombu/entity.py `Queue`, kombu/transport/base.py `to_rabbitmq_queue_arguments`;
 * Celery 5.7.0, celery/app/amqp.py `Queues.new_missing`; recorded worker-startup: `startup_max_priority`.
 *
 * @throws ImproperlyConfiguredError naming the option and its value
 */
export function resolveTaskQueue(queue: string | TaskQueue): ResolvedTaskQueue {
  const given: TaskQueue = typeof queue === 'string' ? { name: queue } : queue;
  checkName('name', given.name);
  const resolved = {
    ...given,
    exchange: given.exchange ?? given.name,
    exchangeType: oneOf('exchangeType', given.exchangeType ?? 'direct', exchangeTypes),
    routingKey: given.routingKey ?? given.name,
    queueArguments: { ...given.queueArguments, ...ownArguments(given) },
    exchangeArguments: given.exchangeArguments ?? {},
    bindingArguments: given.bindingArguments ?? {},
    durable: given.durable ?? true,
    autoDelete: given.autoDelete ?? false,
    exclusive: given.exclusive ?? false,
    noDeclare: given.noDeclare ?? false,
    broadcast: given.broadcast ?? false,
  };
  checkShortString('exchange', resolved.exchange);
  checkShortString('routingKey', resolved.routingKey);
  if (given.alias !== undefined) checkName('alias', given.alias);
  if (isQuorumQueue(resolved)) checkQuorum(resolved);
  return resolved;
}

/** Whether it is declared as a quorum queue. */
export function isQuorumQueue(queue: string | TaskQueue): boolean {
  if (typeof queue === 'string') return false;
  return queue.queueType === 'quorum' || queue.queueArguments?.['x-queue-type'] === 'quorum';
}

/**
 * A queue whose messages every worker gets that consumes it, each through a queue of its own, which goes with the worker.
 * A worker consumes what this returns; calls go to `name`.
 *
 * [QUEUE-BROADCAST] Source: kombu 5.6.2, kombu/common.py `Broadcast`; Celery 5.7.0, celery/app/amqp.py `Queues`, which
 * gives it the default routing key; recorded worker-startup: `startup_direct_broadcast`.
 *
 * @param name - of the fanout exchange
 * @param routingKey - `task_default_routing_key`; the exchange ignores it, but a binding has one
 */
export function broadcastQueue(name: string, routingKey = 'celery'): TaskQueue {
  return {
    name: `bcast.${randomUUID()}`,
    alias: name,
    exchange: name,
    exchangeType: 'fanout',
    routingKey,
    autoDelete: true,
    broadcast: true,
  };
}

/**
 * The queue of one worker (`worker_direct`).
 *
 * [QUEUE-WORKER-DIRECT] Source: Celery 5.7.0, celery/utils/nodenames.py `worker_direct`; recorded worker-startup:
 * `startup_direct_broadcast`.
 *
 * @param nodeName - such as `celery@host`
 */
export function directQueue(nodeName: string): TaskQueue {
  return { name: `${nodeName}.dq2`, exchange: 'C.dq2', routingKey: nodeName };
}

/** The arguments that have options of their own; kombu truncates to whole milliseconds. */
function ownArguments(queue: TaskQueue): QueueArguments {
  const { queueType, maxPriority, messageTtl, expires, maxLength, maxLengthBytes } = queue;
  const isQuorum = queueType !== undefined && oneOf('queueType', queueType, queueTypes) === 'quorum';
  return {
    ...(isQuorum && { 'x-queue-type': 'quorum' }),
    ...(expires !== undefined && { 'x-expires': milliseconds('expires', expires, 1) }),
    ...(messageTtl !== undefined && { 'x-message-ttl': milliseconds('messageTtl', messageTtl, 0) }),
    ...(maxLength !== undefined && { 'x-max-length': integer('maxLength', maxLength, 0) }),
    ...(maxLengthBytes !== undefined && {
      'x-max-length-bytes': integer('maxLengthBytes', maxLengthBytes, 0),
    }),
    ...(maxPriority !== undefined && { 'x-max-priority': integer('maxPriority', maxPriority, 1, 255) }),
  };
}

/** RabbitMQ refuses such a queue, the first time that anyone declares it. */
function checkQuorum(queue: ResolvedTaskQueue): void {
  const priority = queue.queueArguments['x-max-priority'];
  if (!queue.durable) throw wrong('durable', queue.durable, 'true for a quorum queue');
  if (queue.autoDelete) throw wrong('autoDelete', queue.autoDelete, 'false for a quorum queue');
  if (queue.exclusive) throw wrong('exclusive', queue.exclusive, 'false for a quorum queue');
  if (priority !== undefined) throw wrong('maxPriority', priority, 'left out for a quorum queue');
}

function milliseconds(option: keyof TaskQueue, seconds: number, least: number): number {
  const ms = Math.trunc(seconds * 1000);
  if (Number.isSafeInteger(ms) && ms >= least) return ms;
  throw wrong(option, seconds, `a number of seconds, ${least === 0 ? '0' : '0.001'} or more`);
}

function integer(
  option: keyof TaskQueue,
  value: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrong(option, value, `an integer from ${least} to ${most}`);
}

function oneOf<T extends string>(option: keyof TaskQueue, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value;
  throw wrong(option, JSON.stringify(value), `one of ${choices.join(', ')}`);
}

function checkName(option: keyof TaskQueue, value: string): void {
  if (typeof value !== 'string' || value === '') throw wrong(option, JSON.stringify(value), 'a name');
  checkShortString(option, value);
}

/** AMQP carries names and keys as short strings. */
function checkShortString(option: keyof TaskQueue, value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes > 255) throw wrong(option, `${bytes} bytes: ${value.slice(0, 40)}…`, 'at most 255 bytes long');
}

function wrong(option: keyof TaskQueue, value: unknown, expected: string): ImproperlyConfiguredError {
  return new ImproperlyConfiguredError(`TaskQueue.${option} must be ${expected}, got ${String(value)}`);
}
