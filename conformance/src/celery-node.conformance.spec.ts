import { createClient } from 'celery-node';
import { randomUUID } from 'node:crypto';
import { connectAmqp, type AmqpProbe } from './amqp-probe.ts';
import { closeAfterAll } from './close-after-all.ts';
import { brokerUrl } from './environment.ts';
import { stopAll, type ManagedProcess } from './managed-process.ts';
import { startTypescriptWorkers } from './typescript-app.ts';

/**
 * celery-node 0.5.9, with the amqplib 0.8 that it brings. It sends no `reply_to` and polls a queue named like the task's
 * id, from the result backend `amqp` that Celery dropped in 5.0; so of its own it never hears of a result that is sent
 * `rpc://`, from a Python worker as little as from ours.
 */
describe('the client of celery-node', () => {
  const atEnd = closeAfterAll();
  let workers: readonly ManagedProcess[] = [];
  let probe: AmqpProbe;

  beforeAll(async () => {
    workers = await startTypescriptWorkers();
    probe = await connectAmqp(brokerUrl());
    atEnd(() => probe.close());
  });

  /** Its client for one queue; it cannot choose a queue by call. */
  async function withClient<T>(
    queue: string,
    protocol: 1 | 2,
    use: (client: Client) => Promise<T>,
  ): Promise<T> {
    const client = createClient(brokerUrl(), brokerUrl(), queue);
    client.conf.TASK_PROTOCOL = protocol;
    await client.isReady();
    try {
      return await use(client);
    } finally {
      await client.disconnect();
    }
  }

  /** Sends a call with `reply_to` set to the queue that its `AsyncResult` polls, and polls. */
  async function call(client: Client, task: string, args: unknown[], kwargs = {}): Promise<unknown> {
    const id = randomUUID();
    const message = client.createTaskMessage(id, task, args, kwargs);
    Object.assign(message.properties, { replyTo: id.replaceAll('-', '') });
    // declares the queue: our reply to one that is not there would be dropped, as a Python worker's
    const result = client.asyncResult(id);
    await client.backend.getTaskMeta(id);
    client.sendTaskMessage(task, message);
    return result.get(10_000, 20);
  }

  describe.each([1, 2] as const)('with protocol %i', (protocol) => {
    it.each([
      ['addition', 'add', 9],
      ['addition', 'fakeadd', 'add'],
      ['subtraction', 'subtract', 5],
      ['subtraction', 'fakesubtract', 'subtract'],
      ['multiplication', 'multiply', 14],
      ['multiplication', 'fakemultiply', 'multiply'],
      ['division', 'divide', 3.5],
      ['division', 'fakedivide', 'divide'],
    ])('calls our worker of %s: %s, when told where the reply shall go', async (queue, task, expected) => {
      const answer = await withClient(queue, protocol, (client) =>
        call(client, task, [{ num_1: 7, num_2: 2 }]),
      );
      expect(answer).toBe(expected);
    });

    it('calls with keyword arguments', async () => {
      const answer = await withClient('addition', protocol, (client) =>
        call(client, 'add', [], { payload: { num_1: '7', num_2: 2 } }),
      );
      expect(answer).toBe(9);
    });

    it('hears of a failure', async () => {
      const failing = withClient('addition', protocol, (client) =>
        call(client, 'add', [{ num_1: 'abc', num_2: 2 }]),
      );
      await expect(failing).rejects.toMatchObject({
        message: 'FAILURE',
        exc_type: 'ValueError',
        exc_message: ["could not convert string to float: 'abc'"],
      });
    });
  });

  it('cannot hear of results as it is; its calls are run and settled all the same', async () => {
    for (const protocol of [1, 2] as const) {
      await withClient('addition', protocol, async (client) => {
        const result = client.createTask('add').applyAsync([{ num_1: 7, num_2: 2 }]);
        await expect(result.get(500, 20)).rejects.toMatchObject({ message: 'TIMEOUT' });
      });
    }
    // what is not settled is back in the queue once its worker is gone
    await stopAll(workers);
    expect(await probe.messageCount('addition')).toBe(0);
  });
});

type Client = ReturnType<typeof createClient>;
