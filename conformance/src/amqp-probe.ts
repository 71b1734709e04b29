import { connect, type ChannelModel } from 'amqplib';

/** Looks at queues from outside. */
export class AmqpProbe {
  readonly #connection: ChannelModel;

  constructor(connection: ChannelModel) {
    this.#connection = connection;
  }

  /** Messages that are ready in a queue; those at a consumer do not count. @throws the broker's 404 when there is no such queue */
  async messageCount(queue: string): Promise<number> {
    // a channel of its own: the broker closes it when there is no such queue
    const channel = await this.#connection.createChannel();
    const { messageCount } = await channel.checkQueue(queue);
    await channel.close();
    return messageCount;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

export async function connectAmqp(url: string): Promise<AmqpProbe> {
  const connection = await connect(url);
  // an error event nobody listens to would end the process; whatever fails rejects as well
  connection.on('error', () => undefined);
  return new AmqpProbe(connection);
}
