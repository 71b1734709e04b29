/**
 * The hand-written loop that the worker is compared with: consume, parse, add, publish the reply, acknowledge. What a good
 * engineer would write on amqplib for this one task; prefetch 64.
 *
 * usage: node raw-loop.js <queue> [confirm]   (broker from CELERY_BROKER_URL)
 *
 * With `confirm` the acknowledgement follows the broker's confirm of the reply, as with the worker's default.
 */
import { connect, type ConfirmChannel, type ConsumeMessage } from 'amqplib';

interface Operands {
  readonly num_1: number;
  readonly num_2: number;
}

const [queue = '', mode] = process.argv.slice(2);
const connection = await connect(process.env['CELERY_BROKER_URL'] ?? 'amqp://localhost', { noDelay: true });
const channel =
  mode === 'confirm' ? await connection.createConfirmChannel() : await connection.createChannel();
await channel.prefetch(64);

function reply(message: ConsumeMessage, onReplied: () => void): void {
  const [[operands]] = JSON.parse(message.content.toString()) as [[Operands]];
  const sum = operands.num_1 + operands.num_2;
  const taskId = message.properties.headers?.['id'] as string;
  const body = `{"status": "SUCCESS", "result": ${sum}.0, "traceback": null, "children": [], "date_done": "${new Date().toISOString()}", "task_id": "${taskId}"}`;
  const options = {
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    correlationId: message.properties.correlationId as string,
    headers: {},
  };
  const replyTo = message.properties.replyTo as string;
  if (mode === 'confirm') {
    (channel as ConfirmChannel).sendToQueue(replyTo, Buffer.from(body), options, onReplied);
  } else {
    channel.sendToQueue(replyTo, Buffer.from(body), options);
    onReplied();
  }
}

await channel.consume(queue, (message) => {
  if (message === null) return;
  reply(message, () => {
    channel.ack(message);
  });
});

process.on('SIGTERM', () => {
  void connection.close();
});
