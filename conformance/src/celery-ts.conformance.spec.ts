import { Compressor, Serializer, createClient, type Client, type TaskApplyOptions } from 'celery-ts';
import { closeAfterAll } from './close-after-all.ts';
import { brokerUrl } from './environment.ts';
import { startTypescriptWorkers } from './typescript-app.ts';
import { waitUntil } from './wait-until.ts';

/**
 * celery-ts 1.2.3, with the amqplib 0.10 that it brings: protocol 2 with its own header set (`lang: py`), `rpc://` with
 * a reply queue that is neither durable nor deleted with its consumer.
 */
describe('the client of celery-ts', () => {
  const atEnd = closeAfterAll();
  let client: Client;

  beforeAll(async () => {
    await startTypescriptWorkers();
    client = createClient({ brokerUrl: brokerUrl(), resultBackend: brokerUrl().replace(/^amqp/, 'rpc') });
    atEnd(() => client.end());
    // it declares its reply queue some time after it was made, and nobody hears of a reply before that
    const isAnswered = (): Promise<boolean> =>
      call('fakeadd', { args: [{}], kwargs: {}, queue: 'addition' }, 2000).then(
        () => true,
        () => false,
      );
    await waitUntil(isAnswered, { what: 'celery-ts hears of replies' });
  });

  /** Calls a task and waits; celery-ts keeps a timer of a day for each result, and the process with it, until told. */
  async function call<T>(task: string, options: TaskApplyOptions, timeoutMs?: number): Promise<T> {
    const result = client.createTask<T>(task).applyAsync(options);
    try {
      return await result.get(timeoutMs);
    } finally {
      await result.delete();
    }
  }

  it.each([
    ['addition', 'add', 9],
    ['addition', 'fakeadd', 'add'],
    ['subtraction', 'subtract', 5],
    ['subtraction', 'fakesubtract', 'subtract'],
    ['multiplication', 'multiply', 14],
    ['multiplication', 'fakemultiply', 'multiply'],
    ['division', 'divide', 3.5],
    ['division', 'fakedivide', 'divide'],
  ])('calls our worker of %s: %s', async (queue, task, expected) => {
    expect(await call(task, { args: [{ num_1: 7, num_2: 2 }], kwargs: {}, queue })).toBe(expected);
  });

  it('calls with keyword arguments, an eta that has come and an expiry that has not', async () => {
    const answer = await call('add', {
      args: [],
      kwargs: { payload: { num_1: '7', num_2: 2 } },
      queue: 'addition',
      eta: new Date(Date.now() + 300),
      expires: new Date(Date.now() + 60_000),
    });
    expect(answer).toBe(9);
  });

  // it publishes about 50 calls a second, whoever answers
  it('gets 200 results that belong to their calls', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        call('add', { args: [{ num_1: index, num_2: 0.5 }], kwargs: {}, queue: 'addition' }),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 200 }, (_, index) => index + 0.5));
  });

  it('cannot tell a failure from a value: it resolves with the exception', async () => {
    const answer = await call('add', { args: [{ num_1: 'abc', num_2: 2 }], kwargs: {}, queue: 'addition' });
    expect(answer).toMatchObject({
      exc_type: 'ValueError',
      exc_message: ["could not convert string to float: 'abc'"],
      exc_module: 'builtins',
    });
  });

  it('calls with compression', async () => {
    const answer = await call('add', {
      args: [{ num_1: 7, num_2: 2 }],
      kwargs: {},
      queue: 'addition',
      compression: Compressor.Zlib,
    });
    expect(answer).toBe(9);
  });

  it('cannot call with YAML: workers do not accept it unless they are told to', async () => {
    const options = { args: [{ num_1: 7, num_2: 2 }], kwargs: {}, queue: 'addition' };
    const refused = call('add', { ...options, serializer: Serializer.Yaml }, 1000);
    const behind = call('add', options);
    await expect(refused).rejects.toThrow('timed out');
    expect(await behind).toBe(9);
  });
});
