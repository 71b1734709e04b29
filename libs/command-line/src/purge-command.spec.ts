import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { taskQueueTopology } from '@celeriac/protocol';
import { until } from '@celeriac/testing';
import { runCommandLine } from './testing/run-command-line.ts';

describe('celeriac purge', () => {
  let transport: InMemoryTransport;
  const openTransport = (): InMemoryTransport => transport;

  beforeEach(async () => {
    transport = new InMemoryTransport();
    await transport.declare(taskQueueTopology(['celery', 'hipri', 'lopri']));
    for (const queue of ['celery', 'hipri', 'hipri', 'lopri'])
      transport.put(queue, { body: Buffer.from('[]') });
  });

  function counts(): readonly number[] {
    return ['celery', 'hipri', 'lopri'].map((queue) => transport.broker.messagesIn(queue).length);
  }

  it.each([
    [[], 'Purged 1 message from 1 known task queue.', [0, 2, 1]],
    [['-Q', 'hipri'], 'Purged 2 messages from 1 known task queue.', [1, 0, 1]],
    [['-Q', 'hipri,lopri'], 'Purged 3 messages from 2 known task queues.', [1, 0, 0]],
    [['-Q', 'hipri,lopri', '-X', 'hipri'], 'Purged 1 message from 1 known task queue.', [1, 2, 0]],
    [['-Q', 'missing'], 'No messages purged from 1 queue.', [1, 2, 1]],
  ])('with %j purges what it says it does', async (options, outcome, left) => {
    const { exitCode, stdout, stderr } = await runCommandLine(['purge', '-f', ...options], { openTransport });

    expect([exitCode, stdout, stderr]).toEqual([0, `${outcome}\n`, '']);
    expect(counts()).toEqual(left);
    expect(transport.isConnected).toBe(false);
  });

  it('takes the default queue of the environment', async () => {
    await runCommandLine(['purge', '-f'], { openTransport, env: { CELERY_TASK_DEFAULT_QUEUE: 'lopri' } });

    expect(counts()).toEqual([1, 2, 0]);
  });

  it.each(['y\n', 'YES\n', 'what\ny\n'])('asks first, and does it after %j', async (input) => {
    const { exitCode, stdout } = await runCommandLine(['purge', '-Q', 'lopri,hipri'], {
      openTransport,
      input,
    });

    expect(stdout).toContain('WARNING: This will remove all tasks from queues: hipri, lopri.\n');
    expect(stdout).toContain('Are you sure you want to delete all tasks? [y/N]: ');
    expect(stdout).toContain('Purged 3 messages from 2 known task queues.\n');
    expect([exitCode, counts()]).toEqual([0, [1, 0, 0]]);
  });

  it.each(['n\n', '\n', 'what\nno\n', ''])('does nothing after %j', async (input) => {
    const { exitCode, stderr } = await runCommandLine(['purge'], { input });

    expect([exitCode, stderr]).toEqual([1, 'error: Aborted!\n']);
    expect(counts()).toEqual([1, 2, 1]);
  });

  it('waits for a broker that is away for a moment', async () => {
    transport.disconnect();
    const purge = jest.spyOn(transport, 'purge');
    const ended = runCommandLine(['purge', '-f'], { openTransport });

    await until(() => purge.mock.calls.length > 1);
    transport.reconnect();

    expect((await ended).stdout).toBe('Purged 1 message from 1 known task queue.\n');
  });

  it('gives up on a broker that stays away', async () => {
    transport.disconnect();

    const { exitCode, stderr } = await runCommandLine(['purge', '-f'], {
      openTransport,
      env: { CELERIAC_PUBLISH_TIMEOUT: '0.05' },
    });

    expect(stderr).toContain('error: the broker could not be reached in 0.05 s: ');
    expect(exitCode).toBe(1);
  });
});
