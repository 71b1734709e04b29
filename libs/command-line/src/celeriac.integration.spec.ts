import { connect } from 'amqplib'; // eslint-disable-line no-restricted-imports -- to delete what the spec declared
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProgramProcess, type ProgramEnd } from './testing/program-process.ts';

const tasksModule = join(__dirname, 'testing', 'calculator-tasks.ts');

function testBrokerUrl(): string {
  const url = process.env['CELERIAC_TEST_BROKER_URL'];
  if (url !== undefined) return url;
  throw new Error('CELERIAC_TEST_BROKER_URL is unset; run `npm test`, or give an amqp:// URL of a RabbitMQ');
}

// every step starts the program from its sources, a second or more each
jest.setTimeout(180_000);

describe('celeriac, as a program beside RabbitMQ', () => {
  const queue = `celeriac-spec-${randomUUID()}`;
  const env = { SPEC_QUEUE: queue };
  const running = new Set<ProgramProcess>();
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'celeriac-spec-'));
  });

  afterEach(async () => {
    await Promise.all([...running].map((program) => program.stop('SIGKILL')));
    running.clear();
  });

  afterAll(async () => {
    rmSync(folder, { recursive: true });
    const model = await connect(testBrokerUrl());
    const channel = await model.createChannel();
    await channel.deleteQueue(queue);
    await channel.deleteExchange(queue);
    await model.close();
  });

  function start(...args: readonly string[]): ProgramProcess {
    const program = new ProgramProcess(['-A', tasksModule, '-b', testBrokerUrl(), ...args], env);
    running.add(program);
    return program;
  }

  function run(...args: readonly string[]): Promise<ProgramEnd> {
    return start(...args).ended;
  }

  async function startWorker(...args: readonly string[]): Promise<ProgramProcess> {
    const worker = start('worker', ...args);
    await worker.untilPrinted('"msg":"worker ready"');
    return worker;
  }

  it('starts a worker, which serves calls, and stops it on TERM with 0', async () => {
    const pidfile = join(folder, '%n.pid');
    const worker = await startWorker('-n', 'w1@%h', '-l', 'INFO', '-c', '2', '-Ofair', '--pidfile', pidfile);

    expect(worker.stderr).toMatch(/^\nw1@.* v0\.1\.0\n/);
    expect(worker.stderr).toContain('.> concurrency: 2 (');
    expect(worker.stderr).toContain(`[queues]\n.> ${queue} exchange=${queue}(direct) key=${queue}\n`);
    expect(worker.stderr).toContain('[tasks]\n  . add\n  . fail\n');
    expect(worker.stderr).not.toMatch(/:\/\/(?!\*\*@)[^/]*@/);
    expect(readFileSync(join(folder, 'w1.pid'), 'utf8')).toBe(`${String(worker.pid)}\n`);

    const [added, failed, again] = await Promise.all([
      run('call', 'add', '-a', '[7, 2]', '--wait', '30'),
      run('call', 'fail', '--wait', '30'),
      run('worker', '-n', 'w1@%h', '--pidfile', pidfile),
    ]);

    expect(added.stderr).toBe('');
    expect(added.stdout).toMatch(/^[\da-f-]{36}\n9\.0\n$/);
    expect(added.code).toBe(0);
    expect(failed.stderr).toMatch(/^FAILURE: \w+: as it should\n$/);
    expect(failed.code).toBe(1);
    expect(again.stderr).toContain('the worker seems to be running already');
    expect(again.code).toBe(1);

    expect(await worker.stop('SIGTERM')).toMatchObject({ code: 0, signal: null });
    expect(existsSync(join(folder, 'w1.pid'))).toBe(false);
  });

  it('keeps a result for another run of it', async () => {
    const call = await run('call', 'add', '-k', '{"a": 0.5, "b": 1}', '--keep-result');
    const id = call.stdout.trim();
    const waiting = start('result', id);
    const logfile = join(folder, '%n.log');
    const worker = start('-q', 'worker', '-n', 'quiet@%h', '-f', logfile);

    expect(await waiting.ended).toMatchObject({ code: 0, stdout: '1.5\n' });
    expect(await worker.stop('SIGTERM')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(folder, 'quiet.log'), 'utf8')).toContain('"msg":"worker ready"');
    const second = await run('result', id, '--wait', '30');
    expect(second.stderr).toContain(`error: no result of task ${id} waits at the broker.`);
    expect(second.code).toBe(1);
  });

  it('purges what waits, from the shell and at the start of a worker', async () => {
    const calls = await Promise.all([1, 2, 3].map((n) => run('call', 'add', '-a', `[${n}, ${n}]`)));
    const purged = await run('purge', '-f');
    const none = await run('purge', '-f');
    await run('call', 'add', '-a', '[1, 1]');
    const worker = await startWorker(
      '--purge',
      '--without-mingle',
      '--without-gossip',
      '--without-heartbeat',
    );
    const call = await run('call', 'add', '-a', '[1, 1]', '--wait', '30');
    const end = await worker.stop('SIGINT');

    expect(calls.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(purged).toMatchObject({ code: 0, stdout: 'Purged 3 messages from 1 known task queue.\n' });
    expect(none).toMatchObject({ code: 0, stdout: 'No messages purged from 1 queue.\n' });
    expect(call.stdout).toMatch(/\n2\.0\n$/);
    expect(end.stdout).toMatch(/"count":1,"msg":"queues purged"/);
    expect(end.code).toBe(0);
  });
});
