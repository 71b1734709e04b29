import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from './read-settings.ts';
import type { Settings } from './setting-definitions.ts';

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readSettings(env);
  } catch (error) {
    if (!(error instanceof ImproperlyConfiguredError)) throw error;
    const [head = '', ...problems] = error.message.split('\n');
    expect(head).toBe(
      problems.length === 1 ? '1 setting is wrong:' : `${problems.length} settings are wrong:`,
    );
    return problems.map((problem) => problem.trim());
  }
  return [];
}

describe('readSettings', () => {
  it('gives the defaults when nothing is set', () => {
    expect(readSettings({})).toEqual<Settings>({
      brokerUrl: 'amqp://guest:guest@localhost:5672//',
      brokerHeartbeatSeconds: 120,
      brokerConnectionTimeoutMs: 4000,
      brokerConfirmPublish: true,
      resultBackend: 'rpc://',
      resultExpiresMs: 86_400_000,
      resultPersistent: false,
      acceptContent: ['json'],
      taskAcksLate: true,
      taskAcksOnFailureOrTimeout: true,
      taskDefaultQueue: 'celery',
      taskIgnoreResult: false,
      taskStoreErrorsEvenIfIgnored: false,
      taskTrackStarted: false,
      workerConcurrency: 64,
      workerPrefetchMultiplier: 4,
      nodeName: undefined,
      shutdownTimeoutMs: undefined,
      startupTimeoutMs: 20_000,
      shutdownDelayMs: undefined,
      logLevel: 'info',
      healthPort: undefined,
      healthHost: '127.0.0.1',
      port: 8000,
      host: '127.0.0.1',
      createTasksMax: 10_000,
      publishTimeoutMs: 5000,
    });
  });

  it('reads every setting from its variable', () => {
    const env = {
      CELERY_BROKER_URL: 'pyamqp://u:p%2F@a:5673/v;amqps://b',
      CELERY_BROKER_HEARTBEAT: '10',
      CELERY_BROKER_CONNECTION_TIMEOUT: '2.5',
      CELERY_BROKER_CONFIRM_PUBLISH: 'off',
      CELERY_RESULT_BACKEND: 'disabled://',
      CELERY_RESULT_EXPIRES: '60',
      CELERY_RESULT_PERSISTENT: 'yes',
      CELERY_ACCEPT_CONTENT: 'application/json, json',
      CELERY_TASK_ACKS_LATE: 'false',
      CELERY_TASK_ACKS_ON_FAILURE_OR_TIMEOUT: '0',
      CELERY_TASK_DEFAULT_QUEUE: 'work',
      CELERY_TASK_IGNORE_RESULT: 'on',
      CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED: '1',
      CELERY_TASK_TRACK_STARTED: 'TRUE',
      CELERY_WORKER_CONCURRENCY: '8',
      CELERY_WORKER_PREFETCH_MULTIPLIER: '0',
      CELERIAC_NODE_NAME: 'w1@%h',
      CELERIAC_SHUTDOWN_TIMEOUT: '30',
      CELERIAC_STARTUP_TIMEOUT: '45',
      CELERIAC_SHUTDOWN_DELAY: '2.5',
      CELERIAC_LOG_LEVEL: 'DEBUG',
      CELERIAC_HEALTH_PORT: '8081',
      CELERIAC_HEALTH_HOST: '::1',
      PORT: '0',
      HOST: 'localhost',
      CELERIAC_CREATE_TASKS_MAX: '7',
      CELERIAC_PUBLISH_TIMEOUT: '0.25',
    };

    expect(readSettings(env)).toEqual<Settings>({
      brokerUrl: 'pyamqp://u:p%2F@a:5673/v;amqps://b',
      brokerHeartbeatSeconds: 10,
      brokerConnectionTimeoutMs: 2500,
      brokerConfirmPublish: false,
      resultBackend: 'disabled://',
      resultExpiresMs: 60_000,
      resultPersistent: true,
      acceptContent: ['json'],
      taskAcksLate: false,
      taskAcksOnFailureOrTimeout: false,
      taskDefaultQueue: 'work',
      taskIgnoreResult: true,
      taskStoreErrorsEvenIfIgnored: true,
      taskTrackStarted: true,
      workerConcurrency: 8,
      workerPrefetchMultiplier: 0,
      nodeName: 'w1@%h',
      shutdownTimeoutMs: 30_000,
      startupTimeoutMs: 45_000,
      shutdownDelayMs: 2500,
      logLevel: 'debug',
      healthPort: 8081,
      healthHost: '::1',
      port: 0,
      host: 'localhost',
      createTasksMax: 7,
      publishTimeoutMs: 250,
    });
    // each value differs from its default, so none of the above came from there
    const defaults = readSettings({});
    const kept = Object.entries(readSettings(env)).filter(
      ([key, value]) => defaults[key as keyof Settings] === value,
    );
    expect(kept).toEqual([]);
  });

  it('takes an empty variable for unset', () => {
    expect(readSettings({ CELERY_BROKER_URL: '', CELERY_BROKER_URL_FILE: '', PORT: '' })).toEqual(
      readSettings({}),
    );
  });

  it.each([
    ['CELERY_TASK_ACKS_LATE', 'maybe', 'must be one of true, false, yes, no, on, off, 1, 0, got "maybe"'],
    ['CELERY_WORKER_CONCURRENCY', '0', 'must be a whole number from 1 to 65535, got "0"'],
    ['CELERY_WORKER_CONCURRENCY', '1.5', 'must be a whole number from 1 to 65535, got "1.5"'],
    ['CELERY_WORKER_PREFETCH_MULTIPLIER', '-1', 'must be a whole number from 0 to 65535, got "-1"'],
    ['CELERY_BROKER_HEARTBEAT', '1e2', 'must be a whole number from 0 to 65535, got "1e2"'],
    [
      'CELERY_RESULT_EXPIRES',
      '0',
      'must be a number of seconds such as 5 or 0.25, more than 0 and at most 4294967, got "0"',
    ],
    [
      'CELERIAC_SHUTDOWN_TIMEOUT',
      'inf',
      'must be a number of seconds such as 5 or 0.25, more than 0 and at most 2147483, got "inf"',
    ],
    [
      'CELERIAC_PUBLISH_TIMEOUT',
      '0.0001',
      'must be a number of seconds such as 5 or 0.25, more than 0 and at most 2147483, got "0.0001"',
    ],
    [
      'CELERY_RESULT_BACKEND',
      'redis://:secret@h/0',
      'must be one of rpc://, rpc, disabled://, disabled, got "redis://**@h/0"',
    ],
    [
      'CELERY_ACCEPT_CONTENT',
      'json,pickle',
      'must be a comma-separated list of json, application/json (pickle runs code of the sender and is never read), got "json,pickle"',
    ],
    [
      'CELERIAC_NODE_NAME',
      'w%i@%h',
      'must be a name such as worker1@%h, with the expansions %h, %n, %d, %% and no other, got "w%i@%h"',
    ],
    ['CELERIAC_LOG_LEVEL', 'loud', 'must be one of debug, info, warn, error, silent, got "loud"'],
    ['PORT', '65536', 'must be a whole number from 0 to 65535, got "65536"'],
    [
      'HOST',
      'http://localhost',
      'must be a host name or an IP address, without scheme and port, got "http://localhost"',
    ],
    [
      'CELERIAC_HEALTH_HOST',
      'localhost:80',
      'must be a host name or an IP address, without scheme and port, got "localhost:80"',
    ],
    [
      'CELERY_TASK_DEFAULT_QUEUE',
      'é'.repeat(128),
      `must be a queue name of at most 255 bytes, got "${'é'.repeat(80)}…"`,
    ],
    ['CELERY_WORKER_CONCURRENCY', 'a\nb', String.raw`must be a whole number from 1 to 65535, got "a\nb"`],
  ])('refuses %s=%j', (variable, text, problem) => {
    expect(problemsOf({ [variable]: text })).toEqual([`${variable} ${problem}`]);
  });

  it.each([
    ['localhost', '**'],
    ['http://h', 'http://h'],
    ['amqp://guest:hunter2@h:99999', 'amqp://**@h:99999'],
    ['amqp://guest:hunter2', 'amqp://**'],
    ['amqp://guest:hun/ter2@h/v', 'amqp://**@h/v'],
    ['amqp://guest:hunter2%@h', 'amqp://**@h'],
    ['amqp://ok;redis://guest:hunter2@h', 'amqp://ok;redis://**@h'],
  ])('refuses the broker URL %s and hides its credentials', (url, shown) => {
    const [problem] = problemsOf({ CELERY_BROKER_URL: url });

    expect(problem).toMatch(
      /^CELERY_BROKER_URL must be amqp:\/\/user:password@host:port\/vhost, with scheme amqp, /,
    );
    expect(problem?.split(', got ')[1]).toBe(JSON.stringify(shown));
    expect(problem).not.toMatch(/hunter2|hun|ter2/);
  });

  it('lists every wrong variable at once, one on a line', () => {
    const problems = problemsOf({
      CELERY_BROKER_URL: 'ftp://h',
      CELERY_WORKER_CONCURRENCY: 'many',
      CELERY_TASK_ACK_LATE: 'true',
      PORT: 'x',
      PATH: '/usr/bin',
    });

    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'CELERY_BROKER_URL',
      'CELERY_WORKER_CONCURRENCY',
      'PORT',
      'CELERY_TASK_ACK_LATE',
    ]);
  });

  it.each([
    ['CELERY_TASK_ACK_LATE', 'did you mean CELERY_TASK_ACKS_LATE?'],
    ['CELERY_ACKS_LATE', 'did you mean CELERY_TASK_ACKS_LATE?'],
    ['CELERY_LOG_LEVEL', 'did you mean CELERIAC_LOG_LEVEL?'],
    ['CELERY_BROKER_URL_FIEL', 'did you mean CELERY_BROKER_URL_FILE?'],
    ['CELERY_TIMEZONE', 'unset it (docs/settings.md lists all)'],
  ])('refuses the unknown variable %s without showing its value', (variable, remedy) => {
    expect(problemsOf({ [variable]: 'hunter2' })).toEqual([`${variable} is not a setting; ${remedy}`]);
  });

  it('leaves alone the variables of the test programs and of others', () => {
    expect(problemsOf({ CELERIAC_TEST_BROKER_URL: 'x', CELERYD_NODES: 'x', HOME: '/root' })).toEqual([]);
    expect(problemsOf({ CELERIAC_TAG: '0.1.0', CELERIAC_IMAGE_PREFIX: 'registry/' })).toEqual([]);
  });

  describe('with a file for a secret', () => {
    let folder: string;
    let file: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'celeriac-settings-'));
      file = join(folder, 'broker_url');
    });

    afterEach(() => {
      rmSync(folder, { recursive: true });
    });

    it.each([
      ['no line end', ''],
      ['a line end', '\n'],
      ['a line end of Windows', '\r\n'],
    ])('reads the file, with %s', (_, end) => {
      writeFileSync(file, `amqp://u:p@h//${end}`);

      expect(readSettings({ CELERY_BROKER_URL_FILE: file }).brokerUrl).toBe('amqp://u:p@h//');
    });

    it('refuses the variable and the file together', () => {
      writeFileSync(file, 'amqp://u:p@h//');

      expect(problemsOf({ CELERY_BROKER_URL: 'amqp://h', CELERY_BROKER_URL_FILE: file })).toEqual([
        'CELERY_BROKER_URL and CELERY_BROKER_URL_FILE are both set; keep one of them',
      ]);
    });

    it.each([
      ['is not there', () => undefined, 'cannot be read (ENOENT)'],
      [
        'is empty',
        (path: string) => {
          writeFileSync(path, '\n');
        },
        'is empty',
      ],
    ])('names a file that %s', (_, prepare, problem) => {
      prepare(file);

      expect(problemsOf({ CELERY_BROKER_URL_FILE: file })).toEqual([
        `CELERY_BROKER_URL_FILE names the file "${file}", which ${problem}`,
      ]);
    });

    it('names a folder given for a file', () => {
      expect(problemsOf({ CELERY_BROKER_URL_FILE: folder })).toEqual([
        `CELERY_BROKER_URL_FILE names the file "${folder}", which cannot be read (EISDIR)`,
      ]);
    });

    it('never shows the content of a file', () => {
      writeFileSync(file, 'hunter2');
      chmodSync(file, 0o400);

      const [problem] = problemsOf({ CELERY_BROKER_URL_FILE: file });

      expect(problem).toContain(
        `names the file "${file}", which must hold amqp://user:password@host:port/vhost`,
      );
      expect(problem).not.toContain('hunter2');
    });

    it('reads no other setting from a file', () => {
      expect(problemsOf({ CELERY_WORKER_CONCURRENCY_FILE: file })).toEqual([
        'CELERY_WORKER_CONCURRENCY_FILE is not a setting; did you mean CELERY_WORKER_CONCURRENCY?',
      ]);
    });
  });
});
