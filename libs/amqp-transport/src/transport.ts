import type { ConsumeOptions, MessageConsumer } from './message-consumer.ts';
import type { MessagePublisher, PublisherOptions } from './message-publisher.ts';
import type { Topology } from './topology.ts';

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

  /** Closes all connections; consumers and publishers are to be closed before. May be called twice. */
  close(): Promise<void>;
}
