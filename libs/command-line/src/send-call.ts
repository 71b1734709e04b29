import type { Settings } from '@celeriac/app-shell';
import type { Topology, Transport } from '@celeriac/amqp-transport';
import { encodeTaskMessage, taskQueueTopology, type TaskQueue } from '@celeriac/protocol';
import { hostname } from 'node:os';
import { resultQueueName, resultQueueTopology } from './result-queue.ts';
import { whenConnected } from './when-connected.ts';

/** A call as the command line gives it. */
export interface CommandCall {
  readonly id: string;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly eta?: Date | undefined;
  /** Seconds from now. */
  readonly countdown?: number | undefined;
  /** An instant, or seconds from now. */
  readonly expires?: Date | number | undefined;
  /** Where the task's holder, or the default, says it goes. */
  readonly defaultQueue: string;
  readonly queue?: string | undefined;
  readonly exchange?: string | undefined;
  readonly routingKey?: string | undefined;
  /** The result waits in a queue of its own, see `takeResult`. */
  readonly keepsResult: boolean;
}

/**
 * Sends a call. Resolves once the broker has confirmed it.
 *
 * Not by a Client of @celeriac/client, because the result goes to the task's queue and not to a client's own.
 *
 * @param now ms since the epoch
 * @throws OperationalError when the broker cannot be reached in `publishTimeoutMs`, refuses, or has no queue for the call
 * @throws EncodeError when an argument or a time cannot be written
 */
export async function sendCall(
  transport: Transport,
  call: CommandCall,
  settings: Settings,
  now: number,
): Promise<void> {
  const { publishTimeoutMs: timeoutMs, resultExpiresMs } = settings;
  const { id, name, args, kwargs, expires, keepsResult } = call;
  const message = encodeTaskMessage({
    id,
    name,
    args,
    kwargs,
    eta: etaOf(call, now),
    expires: typeof expires === 'number' ? new Date(now + expires * 1000) : expires,
    now: new Date(now),
    priority: settings.taskDefaultPriority,
    serializer: settings.taskSerializer,
    compression: settings.taskCompression,
    origin: `celeriac${process.pid}@${hostname()}`,
    replyTo: keepsResult ? resultQueueName(id) : undefined,
  });
  const { exchange, routingKey, topology } = routeOf(call, settings);
  await whenConnected(() => transport.declare(topology), { timeoutMs });
  if (keepsResult) await transport.declare(resultQueueTopology(id, resultExpiresMs));
  const publisher = transport.publisher({ confirm: true, timeoutMs });
  try {
    await publisher.publish({ ...message, exchange, routingKey, mandatory: true });
  } finally {
    await publisher.close({ drainMs: 0 });
  }
}

/** A countdown of 0 is none, as in Celery. */
function etaOf({ eta, countdown = 0 }: CommandCall, now: number): Date | undefined {
  return countdown === 0 ? eta : new Date(now + countdown * 1000);
}

/**
 * Where the call is published, and what is declared before: its queue, unless it goes to an exchange of the caller's choice.
 *
 * Source: Celery 5.7.0, celery/app/amqp.py `send_task_message`: the default exchange with the queue's name, when neither
 * exchange nor routing key is given; else what is missing of the two is the queue's.
 */
function routeOf(
  call: CommandCall,
  settings: Settings,
): {
  readonly exchange: string;
  readonly routingKey: string;
  readonly topology: Topology;
} {
  const queue = call.queue ?? call.defaultQueue;
  const isItsQueue = call.queue !== undefined || call.exchange === undefined;
  const isDeclared = isItsQueue && settings.taskCreateMissingQueues;
  const topology = taskQueueTopology(isDeclared ? [declarationOf(queue, settings)] : []);
  if (call.exchange === undefined && call.routingKey === undefined)
    return { exchange: '', routingKey: queue, topology };
  return { exchange: call.exchange ?? queue, routingKey: call.routingKey ?? queue, topology };
}

function declarationOf(name: string, settings: Settings): TaskQueue {
  const { taskDefaultQueue, taskDefaultQueueType, taskQueueMaxPriority: maxPriority } = settings;
  const queueType = name === taskDefaultQueue ? taskDefaultQueueType : 'classic';
  // RabbitMQ has priorities for classic queues alone
  const hasPriorities = maxPriority !== undefined && queueType === 'classic';
  return { name, queueType, ...(hasPriorities ? { maxPriority } : {}) };
}
