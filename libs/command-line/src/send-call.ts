import type { Settings } from '@celeriac/app-shell';
import type { Transport } from '@celeriac/amqp-transport';
import { encodeTaskMessage, taskDestination, TaskQueues, type TaskDestination } from '@celeriac/protocol';
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
 * @throws QueueNotFoundError when the queue is not the default one and may not be created
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
  const eta = etaOf(call, now);
  const delayMs = eta === undefined ? 0 : eta.getTime() - now;
  const message = encodeTaskMessage({
    id,
    name,
    args,
    kwargs,
    eta,
    expires: typeof expires === 'number' ? new Date(now + expires * 1000) : expires,
    now: new Date(now),
    priority: settings.taskDefaultPriority,
    serializer: settings.taskSerializer,
    compression: settings.taskCompression,
    origin: `celeriac${process.pid}@${hostname()}`,
    replyTo: keepsResult ? resultQueueName(id) : undefined,
  });
  const { exchange, routingKey, mandatory, declaration } = destinationOf(call, settings, delayMs);
  await whenConnected(() => transport.declare(declaration.topology()), { timeoutMs });
  if (keepsResult) await transport.declare(resultQueueTopology(id, resultExpiresMs));
  const publisher = transport.publisher({ confirm: true, timeoutMs });
  try {
    await publisher.publish({ ...message, exchange, routingKey, mandatory });
  } finally {
    await publisher.close({ drainMs: 0 });
  }
}

/** A countdown of 0 is none, as in Celery. */
function etaOf({ eta, countdown = 0 }: CommandCall, now: number): Date | undefined {
  return countdown === 0 ? eta : new Date(now + countdown * 1000);
}

/** Where the call is published, as by a client that knows the default queue and that of the task. */
function destinationOf(call: CommandCall, settings: Settings, delayMs: number): TaskDestination {
  const { taskDefaultQueue, taskDefaultQueueType, taskCreateMissingQueues, taskQueueMaxPriority } = settings;
  const ownQueue = { name: taskDefaultQueue, queueType: taskDefaultQueueType };
  const queues = new TaskQueues({
    queues: call.defaultQueue === taskDefaultQueue ? [ownQueue] : [ownQueue, call.defaultQueue],
    createMissing: taskCreateMissingQueues,
    maxPriority: taskQueueMaxPriority,
  });
  const queue = queues.get(call.queue ?? call.defaultQueue);
  return taskDestination({ ...call, delayMs }, queue, settings.brokerNativeDelayedDeliveryQueueType);
}
