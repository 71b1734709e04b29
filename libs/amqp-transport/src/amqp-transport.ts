import { silentLogger, type Logger } from '@celeriac/primitives';
import { BrokerConnection } from './broker-connection.ts';
import { parseBrokerUrls } from './broker-url.ts';
import { ChannelConsumer } from './channel-consumer.ts';
import { ChannelPublisher } from './channel-publisher.ts';
import type { ConsumeOptions, MessageConsumer } from './message-consumer.ts';
import type { MessagePublisher, PublisherOptions } from './message-publisher.ts';
import { declareAndCount, takeMessage } from './queue-operations.ts';
import { declareTopology, type QueueDeclaration, type Topology } from './topology.ts';
import type { Transport } from './transport.ts';

export interface AmqpTransportOptions {
  /** Setting `broker_url`: one URL or several separated by `;`. */
  readonly brokerUrl: string;
  /** Shown in the broker's management page and in log lines. */
  readonly name: string;
  readonly logger?: Logger;
  /** Setting `broker_heartbeat`, in seconds. Default 120; the broker usually lowers it to 60. */
  readonly brokerHeartbeatSeconds?: number;
  /** Setting `broker_connection_timeout`, in ms. Default 4000. */
  readonly brokerConnectionTimeoutMs?: number;
}

/**
 * RabbitMQ through amqplib: one connection to consume and another to publish, because the broker stops reading from a
 * connection that publishes while it is short of memory, and acknowledgements would wait behind it. Each is opened when
 * it is first needed and comes back by itself.
 */
export class AmqpTransport implements Transport {
  readonly #logger: Logger;
  readonly #consuming: BrokerConnection;
  readonly #publishing: BrokerConnection;

  /** @throws ImproperlyConfiguredError when the broker URL is not one */
  constructor(options: AmqpTransportOptions) {
    const { brokerUrl, name, logger = silentLogger } = options;
    this.#logger = logger;
    const shared = {
      addresses: parseBrokerUrls(brokerUrl),
      logger,
      heartbeatSeconds: options.brokerHeartbeatSeconds ?? 120,
      connectTimeoutMs: options.brokerConnectionTimeoutMs ?? 4000,
    };
    this.#consuming = new BrokerConnection({ ...shared, name: `${name} consuming` });
    this.#publishing = new BrokerConnection({ ...shared, name: `${name} publishing` });
  }

  get isConnected(): boolean {
    return [this.#consuming, this.#publishing].every(
      (connection) => connection.state === 'idle' || connection.isOpen,
    );
  }

  consume(options: ConsumeOptions): MessageConsumer {
    this.#consuming.open();
    return new ChannelConsumer(this.#consuming, options, this.#logger);
  }

  publisher(options: PublisherOptions): MessagePublisher {
    this.#publishing.open();
    return new ChannelPublisher(this.#publishing, options, this.#logger);
  }

  declare(topology: Topology): Promise<void> {
    this.#publishing.open();
    return this.#publishing.withChannel((channel) => declareTopology(channel, topology));
  }

  purge(queue: string): Promise<number> {
    this.#publishing.open();
    return this.#publishing.withChannel(async (channel) => (await channel.purgeQueue(queue)).messageCount);
  }

  countMessages(queue: QueueDeclaration): Promise<number> {
    this.#publishing.open();
    return this.#publishing.withChannel((channel) => declareAndCount(channel, queue));
  }

  takeMessage(queue: string): Promise<number> {
    this.#publishing.open();
    return this.#publishing.withChannel((channel) => takeMessage(channel, queue));
  }

  async deleteQueue(queue: string): Promise<void> {
    this.#publishing.open();
    await this.#publishing.withChannel((channel) => channel.deleteQueue(queue));
  }

  async close(): Promise<void> {
    await Promise.all([this.#consuming.close(), this.#publishing.close()]);
  }
}
