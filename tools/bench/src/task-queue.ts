import { encodeTaskMessage } from '@celeriac/protocol';
import { connect, type ChannelModel, type ConfirmChannel, type GetMessage, type Options } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** A queue filled with calls of `add`, and the queue that their replies go to. */
export class TaskQueue {
  readonly queue: string;
  readonly #replyQueue = `bench.reply.${randomUUID()}`;
  readonly #connection: ChannelModel;
  readonly #channel: ConfirmChannel;
  readonly #expected = new Map<string, number>();

  private constructor(queue: string, connection: ChannelModel, channel: ConfirmChannel) {
    this.queue = queue;
    this.#connection = connection;
    this.#channel = channel;
  }

  static async open(brokerUrl: string, queue: string): Promise<TaskQueue> {
    const connection = await connect(brokerUrl, { noDelay: true });
    const tasks = new TaskQueue(queue, connection, await connection.createConfirmChannel());
    await tasks.#declare();
    return tasks;
  }

  /** Publishes `count` calls with random operands and waits until the broker has them all. */
  async fill(count: number): Promise<void> {
    for (let sent = 0; sent < count; sent++) {
      const id = randomUUID();
      const [num1, num2] = [Math.floor(Math.random() * 1000), Math.floor(Math.random() * 1000)];
      this.#expected.set(id, num1 + num2);
      const { properties, headers, body } = encodeTaskMessage({
        name: 'add',
        id,
        args: [{ num_1: num1, num_2: num2 }],
        kwargs: {},
        replyTo: this.#replyQueue,
        origin: 'bench',
      });
      this.#channel.sendToQueue(this.queue, body, { ...properties, headers } as Options.Publish);
      if (sent % 500 === 499) await this.#channel.waitForConfirms();
    }
    await this.#channel.waitForConfirms();
  }

  /** Waits until there are at least `count` replies, unless the worker ends; gives how many there are. */
  async waitForReplies(count: number, workerEnded: AbortSignal): Promise<number> {
    for (;;) {
      const { messageCount } = await this.#channel.checkQueue(this.#replyQueue);
      if (messageCount >= count) return messageCount;
      workerEnded.throwIfAborted();
      await delay(2); // polls the broker; the figures do not depend on how often
    }
  }

  /** Reads all replies and checks that each call was answered once, with the right sum. */
  async verify(): Promise<void> {
    for (;;) {
      const reply: GetMessage | false = await this.#channel.get(this.#replyQueue, { noAck: true });
      if (reply === false) break;
      this.#check(reply);
    }
    if (this.#expected.size > 0) throw new Error(`${this.#expected.size} calls were not answered`);
  }

  async close(): Promise<void> {
    await this.#channel.deleteQueue(this.#replyQueue);
    await this.#channel.deleteQueue(this.queue);
    await this.#connection.close();
  }

  #check(reply: GetMessage): void {
    const id = reply.properties.correlationId as string;
    const sum = this.#expected.get(id);
    if (sum === undefined) throw new Error(`call ${id} was answered twice, or never made`);
    const text = reply.content.toString();
    if (!text.includes(`"result": ${sum}.0,`))
      throw new Error(`call ${id} should give ${sum}.0, got ${text}`);
    this.#expected.delete(id);
  }

  async #declare(): Promise<void> {
    await this.#channel.assertExchange(this.queue, 'direct', { durable: true });
    await this.#channel.assertQueue(this.queue, { durable: true });
    await this.#channel.bindQueue(this.queue, this.queue, this.queue);
    await this.#channel.purgeQueue(this.queue);
    await this.#channel.assertQueue(this.#replyQueue, { durable: true });
  }
}
