import { connect } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import { RunningContender } from './contender.ts';
import { load } from './http-load.ts';
import type { HttpContender } from './http-contenders.ts';
import { cpuSeconds, processTree } from './process-cpu.ts';

/** What one producer did in one round. */
export interface HttpFigures {
  /** Requests per second; each publishes 40 messages. */
  readonly rate: number;
  /** CPU of the producer per request, in µs. */
  readonly cpu: number;
}

export interface HttpRoundOptions {
  readonly brokerUrl: string;
  readonly seconds: number;
}

const path = '/create_tasks/10';
const queues = ['addition', 'subtraction', 'multiplication', 'division'];
const connections = 8;
const startTimeoutMs = 60_000;

/** Starts the producer, loads it over 8 connections for a while and counts answers; any that is not 200 fails the round. */
export async function runHttpRound(
  contender: HttpContender,
  options: HttpRoundOptions,
): Promise<HttpFigures> {
  const { brokerUrl, seconds } = options;
  const producer = await RunningContender.start(contender, { ...process.env, CELERY_BROKER_URL: brokerUrl });
  const url = `http://127.0.0.1:${contender.port}${path}`;
  try {
    await waitUntilAnswers(url);
    await load(url, connections, 1); // warm-up
    const pids = await processTree(producer.pid);
    const before = await cpuSeconds(pids);
    const result = await load(url, connections, seconds);
    const cpu = (await cpuSeconds(pids)) - before;
    const { answered, refused } = result;
    if (refused > 0 || answered === 0) throw new Error(`${answered} good answers, ${refused} others`);
    return { rate: answered / result.seconds, cpu: (cpu / answered) * 1e6 };
  } catch (error) {
    throw new Error(`${contender.name} failed; it printed:\n${producer.output}`, { cause: error });
  } finally {
    await producer.stop();
    await purge(brokerUrl);
  }
}

async function waitUntilAnswers(url: string): Promise<void> {
  const giveUpAt = performance.now() + startTimeoutMs;
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok === true) return;
    if (performance.now() > giveUpAt) throw new Error(`${url} does not answer 200`);
    await delay(50);
  }
}

async function purge(brokerUrl: string): Promise<void> {
  const connection = await connect(brokerUrl);
  const channel = await connection.createChannel();
  for (const queue of queues) {
    await channel.assertQueue(queue, { durable: true });
    await channel.purgeQueue(queue);
  }
  await connection.close();
}
