import type { InMemoryTransport } from '@celeriac/in-memory-transport';
import { encodeResult, float, openTaskMessage, type TaskState } from '@celeriac/protocol';

/** Answers the first call in a queue as a worker does. `{ float: 9 }` stands for 9.0. */
export function answer(transport: InMemoryTransport, queue: string, status: TaskState, value: unknown): void {
  const [call] = transport.broker.messagesIn(queue);
  const replyTo = call?.properties.replyTo;
  if (call === undefined || replyTo === undefined) throw new Error(`no call in ${queue} waits for an answer`);
  const { id } = openTaskMessage(call);
  putResult(transport, replyTo, id, status, value);
}

/** Puts a state of a task into a reply queue. */
export function putResult(
  transport: InMemoryTransport,
  replyQueue: string,
  taskId: string,
  status: TaskState,
  value: unknown,
  traceback: string | null = null,
): void {
  const body = encodeResult({
    taskId,
    status,
    result: isFloat(value) ? float(value.float) : value,
    traceback,
    children: [],
    dateDone: null,
  });
  const properties = { contentType: 'application/json', contentEncoding: 'utf-8', correlationId: taskId };
  transport.put(replyQueue, { body, properties });
}

function isFloat(value: unknown): value is { readonly float: number } {
  return typeof value === 'object' && value !== null && 'float' in value;
}
