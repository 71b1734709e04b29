/**
 * The result of a call that this program sent goes to a queue named after the task, not to one named after the caller: so
 * it waits at the broker when the program has ended, and another run of it, `celeriac result`, finds it.
 *
 * The queue goes with its result, or after `result_expires` without use. Its properties are those of a client's reply queue.
 */
import {
  OperationalError,
  type Delivery,
  type MessageConsumer,
  type Topology,
  type Transport,
} from '@celeriac/amqp-transport';
import { coerceError } from '@celeriac/primitives';
import { decodeResult, isReadyState, type ResultMessage } from '@celeriac/protocol';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from './command-errors.ts';

/** Node's timers run at most this, in ms. */
const longestTimerMs = 2 ** 31 - 1;

const nothing: Topology = { exchanges: [], queues: [], bindings: [] };

export function resultQueueName(taskId: string): string {
  return `celeriac.result.${taskId}`;
}

/** @param resultExpiresMs the broker deletes the queue when it has not been used for that long */
export function resultQueueTopology(taskId: string, resultExpiresMs: number): Topology {
  const name = resultQueueName(taskId);
  const queue = { name, durable: true, exclusive: false, autoDelete: false };
  return { ...nothing, queues: [{ ...queue, arguments: { 'x-expires': resultExpiresMs } }] };
}

/**
 * Waits for the final state of a task and takes it from the broker, with its queue: it can be had once. Floats come as
 * PythonFloat, so that they can be written as Python writes them.
 *
 * @param timeoutMs longest wait, in ms; when it is over, the queue stays for another time
 * @throws CommandError when no result of the task is kept, or it has not come in time
 * @throws DecodeError when what came cannot be read; it stays where it was
 */
export async function takeResult(
  transport: Transport,
  taskId: string,
  timeoutMs: number | undefined,
): Promise<ResultMessage> {
  const { consumer, final } = consumeStates(transport, taskId);
  const finished = new AbortController();
  try {
    await consumer.add(resultQueueName(taskId), nothing).catch((error: unknown) => {
      throw isMissing(error) ? noResultKept(taskId, error) : error;
    });
    const candidates = [final];
    if (timeoutMs !== undefined) candidates.push(failAfter(timeoutMs, taskId, finished.signal));
    const result = await Promise.race(candidates);
    await consumer.close({ deleteQueues: true });
    return result;
  } finally {
    finished.abort();
    await consumer.close();
  }
}

function consumeStates(
  transport: Transport,
  taskId: string,
): { readonly consumer: MessageConsumer; readonly final: Promise<ResultMessage> } {
  let onDelivery: (delivery: Delivery) => void = () => undefined;
  const final = new Promise<ResultMessage>((resolve, reject) => {
    onDelivery = (delivery) => {
      try {
        const message = decodeResult(delivery, { floats: 'keep' });
        delivery.ack();
        if (message.taskId === taskId && isReadyState(message.status)) resolve(message);
      } catch (error) {
        reject(coerceError(error));
      }
    };
  });
  return {
    consumer: transport.consume({ queues: [], topology: nothing, prefetchCount: 1, onDelivery }),
    final,
  };
}

async function failAfter(timeoutMs: number, taskId: string, signal: AbortSignal): Promise<never> {
  await delay(Math.min(timeoutMs, longestTimerMs), undefined, { signal });
  throw new CommandError(
    `task ${taskId} has not ended within ${timeoutMs / 1000} s; it goes on, and celeriac result ${taskId} waits for it again`,
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof OperationalError && error.replyCode === 404;
}

function noResultKept(taskId: string, cause: unknown): CommandError {
  return new CommandError(
    `no result of task ${taskId} waits at the broker. With rpc:// a result goes to whoever made the call, and nobody else ` +
      `can read it; only one of celeriac call --keep-result waits here, until it is read or result_expires has passed`,
    { cause },
  );
}
