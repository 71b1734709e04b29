/**
 * What the producer is compared with: the same endpoint on Fastify and amqplib alone, every publish confirmed before the
 * answer. No validation, no results, no recovery.
 *
 * usage: PORT=8001 node bare-producer.js   (broker from CELERY_BROKER_URL)
 */
import { connect } from 'amqplib';
import { fastify } from 'fastify';
import { randomUUID } from 'node:crypto';

const tasks = [
  ['addition', 'add'],
  ['subtraction', 'subtract'],
  ['multiplication', 'multiply'],
  ['division', 'divide'],
] as const;

const connection = await connect(process.env['CELERY_BROKER_URL'] ?? 'amqp://localhost', { noDelay: true });
const channel = await connection.createConfirmChannel();
for (const [queue] of tasks) await channel.assertQueue(queue, { durable: true });
const { queue: replyTo } = await channel.assertQueue('', { exclusive: true });

function publish(queue: string, task: string, payload: object): Promise<void> {
  const id = randomUUID();
  const body = Buffer.from(
    JSON.stringify([[payload], {}, { callbacks: null, errbacks: null, chain: null, chord: null }]),
  );
  return new Promise((resolve, reject) => {
    channel.sendToQueue(
      queue,
      body,
      {
        contentType: 'application/json',
        contentEncoding: 'utf-8',
        persistent: true,
        correlationId: id,
        replyTo,
        headers: taskHeaders(task, id, payload),
      },
      (error: Error | null) => {
        if (error === null) resolve();
        else reject(error);
      },
    );
  });
}

function taskHeaders(task: string, id: string, payload: object): Record<string, unknown> {
  return {
    lang: 'js',
    task,
    id,
    shadow: null,
    eta: null,
    expires: null,
    group: null,
    group_index: null,
    retries: 0,
    timelimit: [null, null],
    root_id: id,
    parent_id: null,
    argsrepr: JSON.stringify([payload]),
    kwargsrepr: '{}',
    origin: 'bare',
    ignore_result: false,
    replaced_task_nesting: 0,
    stamped_headers: null,
    stamps: {},
  };
}

const server = fastify();
server.get<{ Params: { count: string } }>('/create_tasks/:count', async (request) => {
  const published: Promise<void>[] = [];
  for (let made = 0; made < Number(request.params.count); made++) {
    const payload = { num_1: Math.floor(Math.random() * 100), num_2: Math.floor(Math.random() * 100) };
    for (const [queue, task] of tasks) published.push(publish(queue, task, payload));
  }
  await Promise.all(published);
  return `Done ${request.params.count}`;
});
await server.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });

process.on('SIGTERM', () => {
  void server.close().then(() => connection.close());
});
