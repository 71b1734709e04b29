import { connect, type ConfirmChannel } from 'amqplib';
import { freePort, waitUntil } from '@celeriac/local-stack';
import { complaints, describe } from './fuzz-report.ts';
import { MessageMutator, type FuzzedMessage } from './message-mutator.ts';
import { ProcessUnderTest } from './process-under-test.ts';
import { Random } from './random.ts';
import { recordedMessages } from './recorded-messages.ts';
import { stackLimits } from './stack-limits.ts';

export interface FuzzOptions {
  /** The workspace's folder; what is fuzzed is built. */
  readonly root: string;
  readonly brokerUrl: string;
  /** How many messages or requests. */
  readonly count: number;
  readonly seed: number;
  /** Longest turn of the event loop, in ms. Default 250; more where the machine is busy with other work. */
  readonly mostStallMs?: number;
  /** Told what goes on. */
  readonly log: (line: string) => void;
}

/** Result of a run: empty when nothing is wrong. */
export type Complaints = readonly string[];

const queue = 'addition';
const batch = 500;
/** Beyond this many ready messages the fuzzer waits for the worker. */
const mostReady = 2000;
const answerTimeoutMs = 120_000;

/**
 * Sends mutated messages to a worker of `addition` that runs with the stack's limits, a good call after every batch, and
 * ends the worker. Wrong is: it dies, its event loop stalls, its health does not answer, it holds more memory than its
 * container has, a good call is not answered, its channel was ever lost (a delivery settled twice closes it), or a message
 * is left in the queue that does not wait for its eta.
 */
export async function fuzzWorker(options: FuzzOptions): Promise<Complaints> {
  const { brokerUrl, count, log, root, seed } = options;
  const healthPort = await freePort();
  const worker = await ProcessUnderTest.start({
    root,
    app: queue,
    limits: await stackLimits(root, 'addition'),
    env: { ...process.env, CELERY_BROKER_URL: brokerUrl, CELERIAC_HEALTH_PORT: String(healthPort) },
    healthUrl: `http://127.0.0.1:${healthPort}`,
  });
  const connection = await connect(brokerUrl);
  try {
    const channel = await connection.createConfirmChannel();
    const calls = await GoodCalls.open(channel);
    const mutator = new MessageMutator({
      recorded: await recordedMessages(root),
      random: new Random(seed),
      tasks: ['add', 'fakeadd'],
      replyTo: calls.replyTo,
    });
    const startMs = performance.now();
    for (let sent = 0; sent < count; sent += batch) {
      for (let index = 0; index < Math.min(batch, count - sent); index++) publish(channel, mutator.next());
      await channel.waitForConfirms();
      await drained(channel, worker, mostReady);
      await calls.one(worker);
      if (sent % 20_000 === 0 && sent > 0)
        log(`${sent} messages, ${Math.round((sent / (performance.now() - startMs)) * 1000)} a second`);
    }
    await drained(channel, worker, 0);
    await calls.one(worker);
    const seen = await worker.stop();
    log(describe('worker', seen));
    const { returned } = worker.lastLine;
    const { messageCount } = await channel.checkQueue(queue);
    const found = complaints('worker', seen, options.mostStallMs);
    if (typeof returned !== 'number') found.push('worker: it did not say how it ended');
    else if (messageCount > returned)
      found.push(`worker: ${messageCount} messages are left in the queue, ${returned} waited for their eta`);
    const consuming = seen.logged.get('consuming') ?? 0;
    if (consuming !== 1) found.push(`worker: it began to consume ${consuming} times`);
    return found;
  } finally {
    worker.kill();
    await connection.close();
  }
}

function publish(channel: ConfirmChannel, message: FuzzedMessage): void {
  const { body, headers, properties } = message;
  try {
    channel.publish('', queue, body, { ...properties, headers, persistent: true });
  } catch (error) {
    // amqplib has room for 64 KiB of headers
    if (!(error instanceof RangeError)) throw error;
    channel.publish('', queue, body, { ...properties, headers: {}, persistent: true });
  }
}

async function drained(channel: ConfirmChannel, worker: ProcessUnderTest, most: number): Promise<void> {
  await waitUntil(
    async () => {
      worker.assertAlive();
      return (await channel.checkQueue(queue)).messageCount <= most;
    },
    { what: `no more than ${most} messages are ready`, timeoutMs: answerTimeoutMs, intervalMs: 20 },
  );
}

/** Calls of `add` whose answers are awaited, one at a time. */
class GoodCalls {
  readonly replyTo: string;
  readonly #channel: ConfirmChannel;
  readonly #answers = new Map<string, string>();
  #count = 0;

  private constructor(channel: ConfirmChannel, replyTo: string) {
    this.#channel = channel;
    this.replyTo = replyTo;
  }

  static async open(channel: ConfirmChannel): Promise<GoodCalls> {
    const { queue: replyTo } = await channel.assertQueue('', { exclusive: true });
    const calls = new GoodCalls(channel, replyTo);
    await channel.consume(
      replyTo,
      (message) => {
        const id: unknown = message?.properties.correlationId;
        if (message !== null && typeof id === 'string' && id.startsWith('good-'))
          calls.#answers.set(id, message.content.toString());
      },
      { noAck: true },
    );
    return calls;
  }

  /** @throws Error when it is not answered, or wrongly */
  async one(worker: ProcessUnderTest): Promise<void> {
    const id = `good-${this.#count++}`;
    const body = JSON.stringify([[{ num_1: this.#count, num_2: 0.5 }], {}, {}]);
    const headers = { task: 'add', id, root_id: id, lang: 'py' };
    const properties = { contentType: 'application/json', contentEncoding: 'utf-8', correlationId: id };
    this.#channel.publish('', queue, Buffer.from(body), { ...properties, headers, replyTo: this.replyTo });
    await waitUntil(
      () => {
        worker.assertAlive();
        return Promise.resolve(this.#answers.has(id));
      },
      { what: `good call ${this.#count} is answered`, timeoutMs: answerTimeoutMs, intervalMs: 5 },
    );
    const answer = JSON.parse(this.#answers.get(id) ?? '') as { status: string; result: unknown };
    this.#answers.delete(id);
    if (answer.status !== 'SUCCESS' || answer.result !== this.#count + 0.5)
      throw new Error(`good call ${this.#count} was answered with ${JSON.stringify(answer)}`);
  }
}
