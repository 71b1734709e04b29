import { InMemoryBroker, InMemoryTransport } from '@celeriac/in-memory-transport';
import { resultQueueName, resultQueueTopology } from './result-queue.ts';
import { putResult } from './testing/answer.ts';
import { runCommandLine, type CommandLineEnd } from './testing/run-command-line.ts';

describe('celeriac result', () => {
  let broker: InMemoryBroker;
  let other: InMemoryTransport;

  beforeEach(async () => {
    broker = new InMemoryBroker();
    other = new InMemoryTransport({ broker });
    await other.declare(resultQueueTopology('an-id', 60_000));
  });

  function result(args: readonly string[], env = {}): Promise<CommandLineEnd> {
    return runCommandLine(['result', ...args], {
      openTransport: () => new InMemoryTransport({ broker }),
      env,
    });
  }

  function put(
    status: 'SUCCESS' | 'FAILURE' | 'STARTED',
    value: unknown,
    traceback: string | null = null,
  ): void {
    putResult(other, resultQueueName('an-id'), 'an-id', status, value, traceback);
  }

  it('prints the value that waits at the broker, once', async () => {
    put('STARTED', null);
    put('SUCCESS', { float: 9 });

    expect(await result(['an-id'])).toEqual({ exitCode: 0, stdout: '9.0\n', stderr: '' });
    expect(broker.queueNames).toEqual([]);
    expect(await result(['an-id'])).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('waits for a task that has not ended', async () => {
    const ended = result(['an-id']);
    put('SUCCESS', 'late');

    expect((await ended).stdout).toBe('"late"\n');
  });

  it('passes over the state of another task', async () => {
    putResult(other, resultQueueName('an-id'), 'another-id', 'SUCCESS', 'not this');
    put('SUCCESS', 'this');

    expect((await result(['an-id'])).stdout).toBe('"this"\n');
  });

  it('prints the exception of a task that failed, or its traceback', async () => {
    const exception = { exc_type: 'KeyError', exc_message: ['base'], exc_module: 'builtins' };
    put('FAILURE', exception, 'Traceback…\nKeyError: base\n');
    const failed = await result(['an-id']);
    await other.declare(resultQueueTopology('an-id', 60_000));
    put('FAILURE', exception, 'Traceback…\nKeyError: base\n');
    const traced = await result(['--traceback', 'an-id']);

    expect([failed.exitCode, failed.stdout]).toEqual([1, '']);
    expect(failed.stderr).toMatch(/^FAILURE: KeyError: .*base/);
    expect(traced).toEqual({ exitCode: 1, stdout: 'Traceback…\nKeyError: base\n', stderr: '' });
  });

  it('says why there is no result to be had, and what to do', async () => {
    const { exitCode, stdout, stderr } = await result(['unknown-id']);

    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: no result of task unknown-id waits at the broker\. .*call --keep-result/);
  });

  it('gives up in time, and leaves the queue for another try', async () => {
    const { exitCode, stderr } = await result(['an-id', '--wait', '0.01']);

    expect(stderr).toContain('error: task an-id has not ended within 0.01 s');
    expect(exitCode).toBe(1);
    expect(broker.queueNames).toEqual([resultQueueName('an-id')]);
  });

  it('leaves what it cannot read where it is', async () => {
    other.put(resultQueueName('an-id'), {
      body: Buffer.from('{'),
      properties: { contentType: 'application/json' },
    });

    const { exitCode, stderr } = await result(['an-id']);

    expect(stderr).toMatch(/^error: /);
    expect([exitCode, broker.messagesIn(resultQueueName('an-id')).length]).toEqual([1, 1]);
  });

  it('refuses an id that no queue could be named after', async () => {
    const { exitCode, stderr } = await result(['x'.repeat(300)]);

    expect(stderr).toContain('is too long for a task id of celeriac call');
    expect(exitCode).toBe(2);
  });

  it('gives up on a broker that is away', async () => {
    const away = new InMemoryTransport();
    away.disconnect();

    const { exitCode, stderr } = await runCommandLine(['result', 'an-id'], {
      openTransport: () => away,
      env: { CELERIAC_PUBLISH_TIMEOUT: '0.02' },
    });

    expect(stderr).toContain('error: the broker could not be reached in 0.02 s');
    expect(exitCode).toBe(1);
  });
});
