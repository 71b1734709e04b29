import { Compressor, Serializer, createClient, type Client } from 'celery-ts';
import { closeAfterAll } from './close-after-all.ts';
import { brokerUrl } from './environment.ts';
import { startTypescriptWorkers } from './typescript-app.ts';

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
  });

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
    const result = client.createTask(task).applyAsync({ args: [{ num_1: 7, num_2: 2 }], kwargs: {}, queue });
    expect(await result.get(10_000)).toBe(expected);
  });

  it('calls with keyword arguments, an eta that has come and an expiry that has not', async () => {
    const result = client.createTask('add').applyAsync({
      args: [],
      kwargs: { payload: { num_1: '7', num_2: 2 } },
      queue: 'addition',
      eta: new Date(Date.now() + 300),
      expires: new Date(Date.now() + 60_000),
    });
    expect(await result.get(10_000)).toBe(9);
  });

  it('gets 1000 results that belong to their calls', async () => {
    const add = client.createTask<number>('add');
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        add.applyAsync({ args: [{ num_1: index, num_2: 0.5 }], kwargs: {}, queue: 'addition' }).get(20_000),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 1000 }, (_, index) => index + 0.5));
  });

  it('cannot tell a failure from a value: it resolves with the exception', async () => {
    const result = client
      .createTask('add')
      .applyAsync({ args: [{ num_1: 'abc', num_2: 2 }], kwargs: {}, queue: 'addition' });
    expect(await result.get(10_000)).toMatchObject({
      exc_type: 'ValueError',
      exc_message: ["could not convert string to float: 'abc'"],
      exc_module: 'builtins',
    });
  });

  it.each([
    ['YAML: it is not accepted', { serializer: Serializer.Yaml }],
    ['compression: it names base64 as the encoding of the text', { compression: Compressor.Zlib }],
  ])('cannot call with %s', async (_title, options) => {
    const refused = client
      .createTask('add')
      .applyAsync({ args: [{ num_1: 7, num_2: 2 }], kwargs: {}, queue: 'addition', ...options });
    const behind = client.createTask('fakeadd').applyAsync({ args: [{}], kwargs: {}, queue: 'addition' });
    const answer = refused.get(500).then(() => 'answered', () => 'refused');
    expect(await behind.get(10_000)).toBe('add');
    expect(await answer).toBe('refused');
  });
});
