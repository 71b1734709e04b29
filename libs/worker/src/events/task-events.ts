import type { Headers } from '@celeriac/amqp-transport';
import { float, pythonRepr, saferepr, tracebackOf } from '@celeriac/protocol';
import type { Reject, Retry } from '@celeriac/task-registry';
import type { ReceivedTask } from '../receive/received-task.ts';
import { eventDate } from './event-date.ts';
import type { EventDispatcher, EventFields } from './event-dispatcher.ts';
import { exceptionTexts, type ExceptionTexts } from './exception-texts.ts';

/**
 * The events of tasks: what becomes of each, told when it happens.
 *
 * [EVENT-TASK] Source: Celery 5.7.0, celery/worker/request.py `send_event`, celery/worker/strategy.py
 * `task_message_handler`, celery/worker/consumer/consumer.py `on_unknown_task`; recorded events: `task-*`.
 */
export class TaskEvents {
  readonly #dispatcher: EventDispatcher;

  constructor(dispatcher: EventDispatcher) {
    this.#dispatcher = dispatcher;
  }

  /** What the message does not say is told as Celery tells it: null for protocol 1, else no text and no root. */
  received({ delivery, opened, request }: ReceivedTask): void {
    const headers = opened.isProtocol1 ? headersOfV1 : delivery.headers;
    this.#send('task-received', {
      uuid: opened.id,
      name: request.shadow ?? opened.name,
      args: textIn(headers, 'argsrepr'),
      kwargs: textIn(headers, 'kwargsrepr'),
      root_id: headers['root_id'] ?? null,
      parent_id: request.parentId ?? null,
      retries: request.retries,
      eta: eventDate(request.eta, headers['eta']),
      expires: eventDate(request.expires, headers['expires']),
    });
  }

  started({ opened }: ReceivedTask): void {
    this.#send('task-started', { uuid: opened.id });
  }

  /** @param runtimeSeconds from start to end */
  succeeded(received: ReceivedTask, value: unknown, runtimeSeconds: number): void {
    const result = textOf(writtenResult(received, value));
    this.#send('task-succeeded', { uuid: received.opened.id, result, runtime: float(runtimeSeconds) });
  }

  failed({ opened }: ReceivedTask, thrown: unknown): void {
    this.#send('task-failed', { uuid: opened.id, ...exceptionTexts(thrown) });
  }

  retried({ opened }: ReceivedTask, retry: Retry): void {
    this.#send('task-retried', { uuid: opened.id, ...retryTexts(retry) });
  }

  /** @param how.signum number of the signal that ended its process */
  revoked(
    { opened }: ReceivedTask,
    how: { readonly terminated: boolean; readonly signum: number | undefined; readonly expired: boolean },
  ): void {
    const { terminated, signum = null, expired } = how;
    this.#send('task-revoked', { uuid: opened.id, terminated, signum, expired });
  }

  /** Its message is rejected instead of acknowledged. */
  rejected({ opened }: ReceivedTask, { requeue }: Pick<Reject, 'requeue'>): void {
    this.#send('task-rejected', { uuid: opened.id, requeue });
  }

  /** Its run is given up, and its message goes back to the broker. */
  cancelled({ opened }: ReceivedTask): void {
    this.#send('task-cancelled', { uuid: opened.id });
  }

  /** Its name is not registered here. */
  unknown(uuid: string, name: string): void {
    this.#send('task-failed', { uuid, exception: `NotRegistered(${pythonRepr(name)})` });
  }

  #send(type: string, fields: EventFields): void {
    this.#dispatcher.sendInGroup(type, fields);
  }
}

/** What Celery makes of protocol 1 has these headers and not the root. */
const headersOfV1: Headers = { argsrepr: null, kwargsrepr: null };

function textIn(headers: Headers, name: 'argsrepr' | 'kwargsrepr'): unknown {
  const text = headers[name];
  return text === undefined ? '' : text;
}

/** A getter may give its value when the result is written, and throw when it is told. */
function textOf(value: unknown): string {
  try {
    return saferepr(value);
  } catch {
    return '<unrepresentable object>';
  }
}

/** The result as it is written, so that a declared float is told as one; as it is where that fails. */
function writtenResult({ task }: ReceivedTask, value: unknown): unknown {
  try {
    return task.encodeResult(value);
  } catch {
    return value; // the result is ignored, so that nothing has written it
  }
}

function retryTexts(retry: Retry): ExceptionTexts {
  if (retry.exc === undefined) return { exception: 'None', traceback: tracebackOf(retry) };
  return exceptionTexts(retry.exc);
}
