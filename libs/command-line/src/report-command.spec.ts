import { arch, type } from 'node:os';
import { runCommandLine } from './testing/run-command-line.ts';

describe('celeriac report', () => {
  it('shows versions and the settings that were given, without credentials', async () => {
    const { exitCode, stdout } = await runCommandLine(
      ['-A', 'dist/tasks.js', '-b', 'amqp://user:hunter2@host//', 'report'],
      { env: { CELERY_BROKER_URL_FILE: '/run/secrets/url', CELERY_TASK_ACKS_LATE: 'no', PATH: '/bin' } },
    );

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^software -> celeriac:0\.1\.0 node:\d+\.\d+\.\d+$/m);
    expect(stdout).toMatch(/^ {12}amqplib:\d+\.\d+\.\d+$/m);
    expect(stdout).toContain(`platform -> system:${type()} arch:${arch()}\n`);
    expect(stdout).toContain('loader   -> dist/tasks.js\n');
    expect(stdout).toContain('settings -> transport:amqp://**@host// results:rpc://\n');
    expect(stdout).toContain("\n\nCELERY_BROKER_URL: 'amqp://**@host//'\nCELERY_TASK_ACKS_LATE: 'no'\n");
    expect(stdout).not.toMatch(/hunter2|secrets|PATH/);
  });

  it('says so when nothing was set', async () => {
    const { stdout } = await runCommandLine(['report']);

    expect(stdout).toContain('loader   -> none (give -A for one)\n');
    expect(stdout).toMatch(/\n\nall settings have their defaults\n$/);
  });
});
