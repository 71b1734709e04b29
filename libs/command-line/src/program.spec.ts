import { FakeProcess } from './testing/fake-process.ts';
import { runCommandLine } from './testing/run-command-line.ts';

describe('celeriac', () => {
  it.each([[], ['--help']])('shows its commands for %j, and ends with 0', async (...args) => {
    const { exitCode, stdout } = await runCommandLine(args.flat());

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Usage: celeriac \[options\] \[command\]/);
    for (const command of ['worker', 'call', 'result', 'purge', 'report']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} .*[.]$`, 'm'));
    }
    expect(stdout).toContain('-A, --app <module>');
  });

  it('shows the options of a command by groups, and the global ones', async () => {
    const { exitCode, stdout } = await runCommandLine(['worker', '--help']);

    expect(exitCode).toBe(0);
    const groups = [...stdout.matchAll(/^([A-Z].*):$/gm)].map(([, group]) => group);
    expect(groups).toEqual(
      expect.arrayContaining([
        'Worker Options',
        'Pool Options',
        'Queue Options',
        'Features',
        'Daemonization Options',
        'Global Options',
      ]),
    );
    expect(stdout).toContain('--max-tasks-per-child <count>');
  });

  it('shows its version', async () => {
    expect(await runCommandLine(['--version'])).toEqual({ exitCode: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it.each([
    [['worker', '--concurency=4'], "error: unknown option '--concurency=4'\n(Did you mean --concurrency?)"],
    [['wroker'], "error: unknown command 'wroker'\n(Did you mean worker?)"],
    [['status'], "error: 'status' is not a command here: workers here take no remote commands"],
    [['-A', 'x.js', 'beat', '-l', 'INFO'], "error: 'beat' is not a command here: workers here take no"],
    [['inspect', 'active', '--json'], "error: 'inspect' is not a command here: "],
    [['worker', '-B'], "error: '--beat' is not an option here: there is no beat"],
    [
      ['worker', '--autoscale=10,3'],
      "error: '--autoscale' is not an option here: an idle slot costs nothing",
    ],
    [
      ['--config', 'celeryconfig', 'worker'],
      "error: '--config' is not an option here: settings come from the",
    ],
    [['call'], "error: missing required argument 'name'"],
    [['result', 'a', 'b'], "error: too many arguments for 'result'. Expected 1 argument but got 2"],
    [['worker', '-Q', ','], "error: option '-Q, --queues <list>' argument ',' is invalid. It must be names"],
    [
      ['worker', '-l', 'verbose'],
      'It must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, FATAL, in any case.',
    ],
    [
      ['worker', '-c', 'many'],
      `error: option '-c, --concurrency <concurrency>': CELERY_WORKER_CONCURRENCY must be a whole number from 1 to 65535, got "many"`,
    ],
    [['-b', '', 'report'], "error: option '-b, --broker <url>' must not be empty"],
    [['worker'], 'error: worker needs the module that exports the tasks: celeriac -A dist/tasks.js worker'],
    [['--workdir', 'missing', 'report'], "error: option '--workdir <directory>': ENOENT: no such directory"],
  ])('ends with 2 for %j', async (args, complaint) => {
    const { exitCode, stdout, stderr } = await runCommandLine(args);

    expect(stderr).toContain(complaint);
    expect([exitCode, stdout]).toEqual([2, '']);
  });

  it('never shows the password of a broker', async () => {
    const wrong = await runCommandLine(['-b', 'http://user:hunter2@host', 'report']);
    const misplaced = await runCommandLine(['amqp://user:hunter2@host']);

    expect(wrong.stderr).toContain("error: option '-b, --broker <url>': CELERY_BROKER_URL must be amqp://");
    expect(misplaced.stderr).toContain('error: unknown command');
    expect(`${wrong.stderr}${misplaced.stderr}`).not.toContain('hunter2');
    expect([wrong.exitCode, misplaced.exitCode]).toEqual([2, 2]);
  });

  it('ends with 1 when a variable of the environment is wrong', async () => {
    const { exitCode, stderr } = await runCommandLine(['report'], {
      env: { CELERY_WORKER_CONCURRENCY: 'no' },
    });

    expect(stderr).toContain('error: 1 setting is wrong:\n  CELERY_WORKER_CONCURRENCY must be');
    expect(exitCode).toBe(1);
  });

  it('changes to the working directory first', async () => {
    const host = new FakeProcess();

    await runCommandLine(['--workdir', '/somewhere', 'report'], { host });

    expect(host.cwd()).toBe('/somewhere');
  });
});
