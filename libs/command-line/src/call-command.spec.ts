import { InMemoryBroker, InMemoryTransport } from '@celeriac/in-memory-transport';
import { openTaskMessage, taskQueueTopology } from '@celeriac/protocol';
import { until } from '@celeriac/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answer } from './testing/answer.ts';
import { runCommandLine, type CommandLineEnd } from './testing/run-command-line.ts';

const uuidLine = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\n/;

describe('celeriac call', () => {
  let transport: InMemoryTransport;

  beforeEach(() => {
    transport = new InMemoryTransport();
  });

  function call(args: readonly string[]): Promise<CommandLineEnd> {
    return runCommandLine(['call', ...args], { openTransport: () => transport });
  }

  it('sends a task to the default queue, and prints its id', async () => {
    const { exitCode, stdout, stderr } = await call(['add', '-a', '[7.0, 2]', '-k', '{"base": 3}']);

    const [message] = transport.broker.messagesIn('celery');
    if (message === undefined) throw new Error('nothing was sent');
    expect(stdout).toMatch(uuidLine);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(message.body.toString()).toMatch(/^\[\[7\.0, 2\], \{"base": 3\}, /);
    expect(openTaskMessage(message).readRequest()).toMatchObject({ id: stdout.trim(), name: 'add' });
    expect(message.properties.replyTo).toBe('');
    expect(transport.isConnected).toBe(false);
  });

  it('says so when no holder of the module declares the task, and calls it all the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'celeriac-call-'));
    const module = join(folder, 'tasks.cjs');
    const task = (name: string): string => `{ name: '${name}', queue: 'maths' }`;
    writeFileSync(
      module,
      `exports.maths = { holder: { queue: 'maths' }, tasks: [${task('power')}, ${task('add')}] };`,
    );
    const end = async (name: string): Promise<CommandLineEnd> => {
      transport = new InMemoryTransport();
      return runCommandLine(['-A', module, 'call', name], { openTransport: () => transport });
    };

    const misspelt = await end('powr');
    expect([misspelt.exitCode, misspelt.stderr]).toEqual([
      0,
      `warning: no holder of ${module} declares the task powr; did you mean power?\n`,
    ]);
    expect(transport.broker.messagesIn('celery')).toHaveLength(1);
    expect((await end('no.such')).stderr).toContain('declares the task no.such; it declares power, add');
    expect((await end('power')).stderr).toBe('');
    rmSync(folder, { recursive: true });
  });

  it('gives the task its times', async () => {
    const broker = new InMemoryBroker();
    const before = Date.now();
    for (const times of [
      ['--countdown', '60', '--expires', '90.5'],
      ['--eta', '2030-01-31T08:00:00', '--expires', '2030-02-01'],
    ]) {
      transport = new InMemoryTransport({ broker });
      await call(['add', ...times]);
    }

    const [relative, absolute] = broker.messagesIn('celery').map(({ headers }) => headers);
    expect(Date.parse(String(relative?.['eta'])) - before).toBeGreaterThanOrEqual(60_000);
    expect(Date.parse(String(relative?.['expires'])) - Date.parse(String(relative?.['eta']))).toBe(30_500);
    expect(absolute).toMatchObject({
      eta: '2030-01-31T08:00:00+00:00',
      expires: '2030-02-01T00:00:00+00:00',
    });
  });

  it.each([
    [[], '', 'celery'],
    [['--queue', 'hipri'], '', 'hipri'],
    [['--queue', 'hipri', '--routing-key', 'hipri'], '', 'hipri'],
    [['--exchange', 'amq.topic', '--routing-key', 'news.sport'], 'amq.topic', 'news.sport'],
  ])('with %j publishes to exchange "%s" with the routing key %s', async (args, exchange, routingKey) => {
    await transport.declare({
      exchanges: [],
      queues: [{ name: 'sport', durable: true, exclusive: false, autoDelete: false }],
      bindings: [{ queue: 'sport', exchange: 'amq.topic', routingKey: 'news.#' }],
    });

    const { exitCode } = await call(['add', ...args]);

    expect(exitCode).toBe(0);
    expect(transport.published).toMatchObject([{ exchange, routingKey }]);
    expect(transport.broker.queueNames.includes('celery')).toBe(routingKey === 'celery');
  });

  it('writes the task as the serializer and the settings say', async () => {
    const { exitCode } = await runCommandLine(['call', 'add', '-a', '[7.0]', '--serializer', 'yaml'], {
      openTransport: () => transport,
      env: { CELERY_TASK_COMPRESSION: 'gzip', CELERY_TASK_DEFAULT_PRIORITY: '3' },
    });

    const [message] = transport.broker.messagesIn('celery');
    expect(exitCode).toBe(0);
    expect(message?.properties).toMatchObject({ contentType: 'application/x-yaml', priority: 3 });
    expect(message?.headers).toMatchObject({ compression: 'application/x-gzip' });
  });

  it('declares queues as the settings say', async () => {
    const env = { CELERY_TASK_DEFAULT_QUEUE_TYPE: 'quorum', CELERY_TASK_QUEUE_MAX_PRIORITY: '10' };
    const declare = jest.spyOn(transport, 'declare');
    await runCommandLine(['call', 'add'], { openTransport: () => transport, env });
    const [[ofDefault] = []] = declare.mock.calls;

    transport = new InMemoryTransport();
    const declareAgain = jest.spyOn(transport, 'declare');
    await runCommandLine(['call', 'add', '--queue', 'hipri'], { openTransport: () => transport, env });
    const [[ofNamed] = []] = declareAgain.mock.calls;

    expect(ofDefault?.queues).toMatchObject([{ name: 'celery', arguments: { 'x-queue-type': 'quorum' } }]);
    expect(ofNamed?.queues).toMatchObject([{ name: 'hipri', arguments: { 'x-max-priority': 10 } }]);
  });

  it('refuses a queue that is not known, where missing queues are not to be created', async () => {
    const { exitCode, stderr } = await runCommandLine(['call', 'add', '--queue', 'hipri'], {
      openTransport: () => transport,
      env: { CELERY_TASK_CREATE_MISSING_QUEUES: 'no' },
    });

    expect(transport.broker.queueNames).toEqual([]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('queue hipri is not among task_queues')]);
  });

  it('says so when no queue takes the call', async () => {
    const { exitCode, stdout, stderr } = await call([
      'add',
      '--exchange',
      'amq.topic',
      '--routing-key',
      'nobody',
    ]);

    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: .*nobody/);
  });

  it.each([
    [
      ['-a', '[1'],
      "error: option '-a, --args <json array>' argument '[1' is invalid. It must be a JSON array",
    ],
    [
      ['-k', '[]'],
      "error: option '-k, --kwargs <json object>' argument '[]' is invalid. It must be a JSON object",
    ],
    [['--eta', 'soon'], "error: option '--eta <iso8601>' argument 'soon' is invalid."],
    [
      ['--eta', '2030-01-01', '--countdown', '1'],
      "error: option '--eta <iso8601>' cannot be used with option '--countdown <seconds>'",
    ],
    [['--serializer', 'pickle'], "error: option '--serializer <name>': CELERY_TASK_SERIALIZER must be"],
  ])('refuses %j before anything is sent', async (args, complaint) => {
    const { exitCode, stderr } = await runCommandLine(['call', 'add', ...args]);

    expect(stderr).toContain(complaint);
    expect(exitCode).toBe(2);
  });

  describe('--wait', () => {
    async function callAndAnswer(status: 'SUCCESS' | 'FAILURE', result: unknown): Promise<CommandLineEnd> {
      await transport.declare(taskQueueTopology(['celery']));
      const ended = call(['add', '--wait', '30']);
      await until(() => transport.broker.messagesIn('celery').length === 1);
      answer(transport, 'celery', 'STARTED', { pid: 1 });
      answer(transport, 'celery', status, result);
      return ended;
    }

    it.each([
      [{ float: 9 }, '9.0'],
      ['ND', '"ND"'],
      [null, 'null'],
      [{ a: [1, true] }, '{"a": [1, true]}'],
    ])('prints the value %j as JSON after the id', async (value, text) => {
      const { exitCode, stdout } = await callAndAnswer('SUCCESS', value);

      expect(stdout).toMatch(uuidLine);
      expect(stdout.split('\n').slice(1)).toEqual([text, '']);
      expect(exitCode).toBe(0);
      expect(transport.broker.queueNames).toEqual(['celery']); // the result's queue went with it
    });

    it('prints the exception of a task that failed, and ends with 1', async () => {
      const { exitCode, stderr } = await callAndAnswer('FAILURE', {
        exc_type: 'ValueError',
        exc_message: ["could not convert string to float: 'abc'"],
        exc_module: 'builtins',
      });

      expect(stderr).toBe("FAILURE: ValueError: could not convert string to float: 'abc'\n");
      expect(exitCode).toBe(1);
    });

    it('gives up in time, and leaves the result to celeriac result', async () => {
      const { exitCode, stdout, stderr } = await call(['add', '--wait', '0.01']);
      const id = stdout.trim();

      expect(stderr).toBe(
        `error: task ${id} has not ended within 0.01 s; it goes on, and celeriac result ${id} waits for it again\n`,
      );
      expect(exitCode).toBe(1);
      expect(transport.broker.queueNames).toContain(`celeriac.result.${id}`);
    });
  });
});
