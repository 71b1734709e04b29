import type { Channel } from 'amqplib';
import { declareTopology, type QueueDeclaration } from './topology.ts';

/** Declares a queue and gives the number of messages in it that no consumer has. */
export async function declareAndCount(channel: Channel, queue: QueueDeclaration): Promise<number> {
  await declareTopology(channel, { exchanges: [], queues: [queue], bindings: [] });
  return (await channel.checkQueue(queue.name)).messageCount;
}

/** Removes the first message of a queue (`basic.get`); gives the number of messages that remain. */
export async function takeMessage(channel: Channel, queue: string): Promise<number> {
  const message = await channel.get(queue, { noAck: true });
  return message === false ? 0 : message.fields.messageCount;
}
