import type { ConsumeOptions, MessageConsumer } from './message-consumer.ts';
import type { MessagePublisher, PublisherOptions } from './message-publisher.ts';
import type { QueueDeclaration, Topology } from './topology.ts';

/** What the worker and the client need of a message broker. */
export interface Transport {
  /** True while every connection that is in use is open. */
  readonly isConnected: boolean;

  /** Starts to consume; goes on until the consumer is closed. */
  consume(options: ConsumeOptions): MessageConsumer;

  /** Opens a publisher. */
  publisher(options: PublisherOptions): MessagePublisher;

  /**
   * Declares exchanges, queues and bindings on the publishing connection.
   *
   * @throws OperationalError when there is no connection, or the broker refuses (`replyCode` 406: other properties)
   */
  declare(topology: Topology): Promise<void>;

  /**
   * Removes the messages of a queue that no consumer has (`queue.purge`), on the publishing connection.
   *
   * @returns how many there were
   * @throws OperationalError when there is no connection, or the broker refuses (`replyCode` 404: no such queue)
   */
  purge(queue: string): Promise<number>;

  /**
   * Declares a queue and counts the messages in it that no consumer has, on the publishing connection.
   *
   * @throws OperationalError when there is no connection, or the broker refuses (`replyCode` 403, 404, 406)
   */
  countMessages(queue: QueueDeclaration): Promise<number>;

  /**
   * Removes the first message of a queue (`basic.get`), on the publishing connection.
   *
   * @returns how many messages remain
   * @throws OperationalError when there is no connection, or the broker refuses (`replyCode` 404: no such queue)
   */
  takeMessage(queue: string): Promise<number>;

  /**
   * Deletes a queue with its messages, on the publishing connection. A missing queue is not an error.
   *
   * @throws OperationalError when there is no connection, or the broker refuses
   */
  deleteQueue(queue: string): Promise<void>;

  /** Closes all connections; consumers and publishers are to be closed before. May be called twice. */
  close(): Promise<void>;
}
