import type { Headers, MessageProperties } from './message-properties.ts';
import type { ReceiverErrorHandler, Signal } from './signal.ts';

/**
 * Payload of Celery's signal `before_task_publish`.
 *
 * Source: Celery 5.7.0, celery/signals.py, celery/app/amqp.py `send_task_message`.
 */
export interface BeforeTaskPublish {
  /** Name of the task; Celery's sender. */
  readonly task: string;
  readonly taskId: string;
  /** The encoded body. */
  readonly body: Buffer;
  readonly exchange: string;
  readonly routingKey: string;
  /** What a receiver sets here before it returns goes with the message: a trace's id, say. */
  readonly headers: Record<string, unknown>;
  readonly properties: MessageProperties;
}

/** Payload of Celery's signal `after_task_publish`: the broker has confirmed the message. */
export interface AfterTaskPublish {
  /** Name of the task; Celery's sender. */
  readonly task: string;
  readonly taskId: string;
  readonly body: Buffer;
  readonly exchange: string;
  readonly routingKey: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** The two signals of whoever publishes calls. */
export interface TaskPublishSignals {
  readonly beforeTaskPublish: Signal<BeforeTaskPublish>;
  readonly afterTaskPublish: Signal<AfterTaskPublish>;
}

/** The message of a call, as far as the signals tell of it. */
export interface TaskPublishMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly headers: Headers;
  readonly properties: MessageProperties;
  readonly body: Buffer;
}

/** Sends `before_task_publish`; gives the message with the headers that receivers have set. */
export function beforeTaskPublish<M extends TaskPublishMessage>(
  signals: TaskPublishSignals,
  message: M,
  onError: ReceiverErrorHandler,
): M {
  if (!signals.beforeTaskPublish.hasReceivers) return message;
  const headers = { ...message.headers };
  signals.beforeTaskPublish.send({ ...message, ...identityOf(message), headers }, onError);
  return { ...message, headers };
}

/** Sends `after_task_publish`. */
export function afterTaskPublish(
  signals: TaskPublishSignals,
  message: TaskPublishMessage,
  onError: ReceiverErrorHandler,
): void {
  if (signals.afterTaskPublish.hasReceivers)
    signals.afterTaskPublish.send({ ...message, ...identityOf(message) }, onError);
}

function identityOf({ headers }: TaskPublishMessage): { readonly task: string; readonly taskId: string } {
  return { task: String(headers['task']), taskId: String(headers['id']) };
}
