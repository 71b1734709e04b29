import type { Transport } from '@celeriac/amqp-transport';
import { taskQueueTopology } from '@celeriac/protocol';

/**
 * The queues that this client has declared (`task_create_missing_queues`): each once, before the first message to it.
 *
 * [PRODUCER-DECLARE] Source: Celery 5.7.0, celery/app/amqp.py `send_task_message` with kombu's `maybe_declare`: queue,
 * exchange and binding are declared once per connection, and messages go to the default exchange with the queue's name.
 */
export class QueueDeclarations {
  readonly #transport: Transport;
  readonly #declared = new Set<string>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  has(queue: string): boolean {
    return this.#declared.has(queue);
  }

  /** @throws OperationalError when there is no connection, or the queue exists with other properties */
  async declare(queue: string): Promise<void> {
    let declaring = this.#underWay.get(queue);
    if (declaring === undefined) {
      declaring = this.#transport.declare(taskQueueTopology([queue])).finally(() => {
        this.#underWay.delete(queue);
      });
      this.#underWay.set(queue, declaring);
    }
    await declaring;
    this.#declared.add(queue);
  }

  /** The queue turned out to be gone; it is declared again before the next message. */
  forget(queue: string): void {
    this.#declared.delete(queue);
  }
}
