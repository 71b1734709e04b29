import type { MessageProperties } from './message-properties.ts';

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
