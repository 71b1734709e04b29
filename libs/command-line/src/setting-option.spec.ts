import { readSettings, type Settings } from '@celeriac/app-shell';
import { Command } from 'commander';
import { openAmqpTransport } from './command-frame.ts';
import { environmentOf, SettingOption } from './setting-option.ts';
import { FakeProcess } from './testing/fake-process.ts';
import { programUrl } from './testing/run-command-line.ts';
import { addWorkerCommand } from './worker-command.ts';

describe('environmentOf', () => {
  const frame = {
    host: new FakeProcess(),
    programUrl,
    openTransport: openAmqpTransport,
    exitCode: 0,
    isOutputAwaited: true,
  };

  /** What the program and its command make of arguments, and of an environment. */
  function merged(args: readonly string[], env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    let result: NodeJS.ProcessEnv = {};
    const program = new Command()
      .exitOverride()
      .addOption(new SettingOption('-b, --broker <url>', 'broker', 'CELERY_BROKER_URL'));
    program
      .command('worker')
      .addOption(new SettingOption('-c, --concurrency <n>', 'slots', 'CELERY_WORKER_CONCURRENCY'))
      .option('--other <text>')
      .action((_options: object, command: Command) => {
        result = environmentOf(env, command);
      });
    program.parse([...args], { from: 'user' });
    return result;
  }

  it('puts options of the command and of the program in the place of variables', () => {
    const env = { CELERY_WORKER_CONCURRENCY: '1', CELERY_TASK_ACKS_LATE: 'no', PATH: '/bin' };

    const result = merged(['-b', 'amqp://host', 'worker', '-c', '2', '--other', 'x'], env);

    expect(result).toEqual({ ...env, CELERY_BROKER_URL: 'amqp://host', CELERY_WORKER_CONCURRENCY: '2' });
    expect(readSettings(result)).toMatchObject({ brokerUrl: 'amqp://host', workerConcurrency: 2 });
    expect(env.CELERY_WORKER_CONCURRENCY).toBe('1');
  });

  it('stands for a fixed value where it takes none', () => {
    const program = new Command();
    addWorkerCommand(program, frame);
    const [worker] = program.commands;
    if (worker === undefined) throw new Error('there is no command worker');
    let result: NodeJS.ProcessEnv = {};
    worker.action((_options: object, command: Command) => {
      result = environmentOf({}, command);
    });
    const settingsWith = (...args: string[]): Settings => {
      program.parse(['worker', ...args], { from: 'user' });
      return readSettings(result);
    };

    for (const flag of ['-E', '--task-events', '--events'])
      expect(settingsWith(flag)).toMatchObject({
        workerSendTaskEvents: true,
        workerHeartbeatIntervalMs: 2000,
      });
    expect(settingsWith('--heartbeat-interval', '0.5').workerHeartbeatIntervalMs).toBe(500);
    expect(settingsWith('--without-heartbeat', '--heartbeat-interval', '5').workerHeartbeatIntervalMs).toBe(
      0,
    );
  });

  it('wins over the file of a secret', () => {
    const env = { CELERY_BROKER_URL_FILE: '/missing/file' };

    expect(readSettings(merged(['-b', 'amqp://host', 'worker'], env)).brokerUrl).toBe('amqp://host');
    expect(() => readSettings(merged(['worker'], env))).toThrow('/missing/file');
  });
});
