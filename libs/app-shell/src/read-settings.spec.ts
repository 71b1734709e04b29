import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings, unusedVariables } from './read-settings.ts';
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
      brokerNativeDelayedDeliveryQueueType: 'quorum',
      resultBackend: 'rpc://',
      resultExpiresMs: 86_400_000,
      resultPersistent: false,
      resultExtended: false,
      resultSerializer: 'json',
      resultAcceptContent: undefined,
      acceptContent: ['json'],
      maxBodyBytes: undefined,
      maxBodyValues: undefined,
      maxWaitingBytes: undefined,
      maxFollowUpCalls: 10_000,
      maxFollowUpBytes: undefined,
      maxErrorText: 65_536,
      taskSerializer: 'json',
      taskCompression: undefined,
      taskAcksLate: true,
      taskAcksOnFailureOrTimeout: true,
      taskAcksOnFailure: undefined,
      taskAcksOnTimeout: undefined,
      taskRejectOnWorkerLost: true,
      redeliveryLimit: 3,
      consumerTimeoutMs: 1_800_000,
      taskDefaultQueue: 'celery',
      taskDefaultQueueType: 'classic',
      taskCreateMissingQueues: true,
      taskQueueMaxPriority: undefined,
      taskDefaultPriority: undefined,
      taskInheritParentPriority: false,
      taskDefaultRateLimit: undefined,
      taskTimeLimitMs: undefined,
      taskSoftTimeLimitMs: undefined,
      taskIgnoreResult: false,
      taskStoreErrorsEvenIfIgnored: false,
      taskTrackStarted: false,
      workerPool: 'eventloop',
      workerConcurrency: undefined,
      workerPrefetchMultiplier: 4,
      workerMaxTasksPerChild: undefined,
      workerMaxMemoryPerChildKib: undefined,
      workerEtaTaskLimit: undefined,
      workerDisableRateLimits: false,
      workerQueues: undefined,
      workerDirect: false,
      workerStateDb: undefined,
      workerRevokesMax: 50_000,
      workerRevokeExpiresMs: 10_800_000,
      workerCancelLongRunningTasksOnConnectionLoss: false,
      workerSendTaskEvents: false,
      workerHeartbeatIntervalMs: 2000,
      eventExchange: 'celeryev',
      eventSerializer: 'json',
      workerSoftShutdownTimeoutMs: 0,
      workerEnableSoftShutdownOnIdle: false,
      nodeName: undefined,
      shutdownTimeoutMs: undefined,
      remapSigterm: undefined,
      startupTimeoutMs: 20_000,
      shutdownDelayMs: undefined,
      logLevel: 'info',
      healthPort: undefined,
      healthHost: '127.0.0.1',
      port: 8000,
      host: '127.0.0.1',
      createTasksMax: 10_000,
      allowedHosts: undefined,
      httpHeldBytesMax: 16_777_216,
      httpConnectionsMax: 1000,
      httpRequestTimeoutMs: 30_000,
      publishTimeoutMs: 5000,
    });
  });

  it('reads every setting from its variable', () => {
    const env = {
      CELERY_BROKER_URL: 'pyamqp://u:p%2F@a:5673/v;amqps://b',
      CELERY_BROKER_HEARTBEAT: '10',
      CELERY_BROKER_CONNECTION_TIMEOUT: '2.5',
      CELERY_BROKER_CONFIRM_PUBLISH: 'off',
      CELERY_BROKER_NATIVE_DELAYED_DELIVERY_QUEUE_TYPE: 'classic',
      CELERY_RESULT_BACKEND: 'disabled://',
      CELERY_RESULT_EXPIRES: '60',
      CELERY_RESULT_PERSISTENT: 'yes',
      CELERY_RESULT_EXTENDED: 'on',
      CELERY_RESULT_SERIALIZER: 'msgpack',
      CELERY_RESULT_ACCEPT_CONTENT: 'json',
      CELERY_ACCEPT_CONTENT: 'application/json, json',
      CELERIAC_MAX_BODY_BYTES: '1024',
      CELERIAC_MAX_BODY_VALUES: '512',
      CELERIAC_MAX_WAITING_BYTES: '4096',
      CELERIAC_MAX_FOLLOW_UP_CALLS: '50',
      CELERIAC_MAX_FOLLOW_UP_BYTES: '8192',
      CELERIAC_MAX_ERROR_TEXT: '1000',
      CELERY_TASK_SERIALIZER: 'yaml',
      CELERY_TASK_COMPRESSION: 'gzip',
      CELERY_TASK_ACKS_LATE: 'false',
      CELERY_TASK_ACKS_ON_FAILURE_OR_TIMEOUT: '0',
      CELERY_TASK_ACKS_ON_FAILURE: 'false',
      CELERY_TASK_ACKS_ON_TIMEOUT: 'true',
      CELERY_TASK_REJECT_ON_WORKER_LOST: 'no',
      CELERIAC_REDELIVERY_LIMIT: '20',
      CELERIAC_CONSUMER_TIMEOUT: '3600',
      CELERY_TASK_DEFAULT_QUEUE: 'work',
      CELERY_TASK_DEFAULT_QUEUE_TYPE: 'quorum',
      CELERY_TASK_CREATE_MISSING_QUEUES: 'off',
      CELERY_TASK_QUEUE_MAX_PRIORITY: '10',
      CELERY_TASK_DEFAULT_PRIORITY: '5',
      CELERY_TASK_INHERIT_PARENT_PRIORITY: 'yes',
      CELERY_TASK_DEFAULT_RATE_LIMIT: '100/m',
      CELERY_TASK_TIME_LIMIT: '30',
      CELERY_TASK_SOFT_TIME_LIMIT: '2.5',
      CELERY_TASK_IGNORE_RESULT: 'on',
      CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED: '1',
      CELERY_TASK_TRACK_STARTED: 'TRUE',
      CELERY_WORKER_POOL: 'prefork',
      CELERY_WORKER_CONCURRENCY: '8',
      CELERY_WORKER_PREFETCH_MULTIPLIER: '0',
      CELERY_WORKER_MAX_TASKS_PER_CHILD: '1000',
      CELERY_WORKER_MAX_MEMORY_PER_CHILD: '200000',
      CELERY_WORKER_ETA_TASK_LIMIT: '0',
      CELERY_WORKER_DISABLE_RATE_LIMITS: '1',
      CELERIAC_WORKER_QUEUES: 'a, b',
      CELERY_WORKER_DIRECT: 'true',
      CELERY_WORKER_STATE_DB: '/state/%n',
      CELERY_WORKER_REVOKES_MAX: '100',
      CELERY_WORKER_REVOKE_EXPIRES: '60',
      CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS: 'true',
      CELERY_WORKER_SEND_TASK_EVENTS: 'true',
      CELERIAC_WORKER_HEARTBEAT_INTERVAL: '0',
      CELERY_EVENT_EXCHANGE: 'my-events',
      CELERY_EVENT_SERIALIZER: 'JSON',
      CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT: '10',
      CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE: 'true',
      CELERIAC_NODE_NAME: 'w1@%h',
      CELERIAC_SHUTDOWN_TIMEOUT: '30',
      REMAP_SIGTERM: 'SIGQUIT',
      CELERIAC_STARTUP_TIMEOUT: '45',
      CELERIAC_SHUTDOWN_DELAY: '2.5',
      CELERIAC_LOG_LEVEL: 'DEBUG',
      CELERIAC_HEALTH_PORT: '8081',
      CELERIAC_HEALTH_HOST: '::1',
      PORT: '0',
      HOST: 'localhost',
      CELERIAC_CREATE_TASKS_MAX: '7',
      CELERIAC_ALLOWED_HOSTS: 'tasks.example.com, [::2]',
      CELERIAC_HTTP_HELD_BYTES_MAX: '2000000',
      CELERIAC_HTTP_CONNECTIONS_MAX: '10',
      CELERIAC_HTTP_REQUEST_TIMEOUT: '2.5',
      CELERIAC_PUBLISH_TIMEOUT: '0.25',
    };

    expect(readSettings(env)).toEqual<Settings>({
      brokerUrl: 'pyamqp://u:p%2F@a:5673/v;amqps://b',
      brokerHeartbeatSeconds: 10,
      brokerConnectionTimeoutMs: 2500,
      brokerConfirmPublish: false,
      brokerNativeDelayedDeliveryQueueType: 'classic',
      resultBackend: 'disabled://',
      resultExpiresMs: 60_000,
      resultPersistent: true,
      resultExtended: true,
      resultSerializer: 'msgpack',
      resultAcceptContent: ['json'],
      acceptContent: ['json'],
      maxBodyBytes: 1024,
      maxBodyValues: 512,
      maxWaitingBytes: 4096,
      maxFollowUpCalls: 50,
      maxFollowUpBytes: 8192,
      maxErrorText: 1000,
      taskSerializer: 'yaml',
      taskCompression: 'gzip',
      taskAcksLate: false,
      taskAcksOnFailureOrTimeout: false,
      taskAcksOnFailure: false,
      taskAcksOnTimeout: true,
      taskRejectOnWorkerLost: false,
      redeliveryLimit: 20,
      consumerTimeoutMs: 3_600_000,
      taskDefaultQueue: 'work',
      taskDefaultQueueType: 'quorum',
      taskCreateMissingQueues: false,
      taskQueueMaxPriority: 10,
      taskDefaultPriority: 5,
      taskInheritParentPriority: true,
      taskDefaultRateLimit: '100/m',
      taskTimeLimitMs: 30_000,
      taskSoftTimeLimitMs: 2500,
      taskIgnoreResult: true,
      taskStoreErrorsEvenIfIgnored: true,
      taskTrackStarted: true,
      workerPool: 'processes',
      workerConcurrency: 8,
      workerPrefetchMultiplier: 0,
      workerMaxTasksPerChild: 1000,
      workerMaxMemoryPerChildKib: 200_000,
      workerEtaTaskLimit: 0,
      workerDisableRateLimits: true,
      workerQueues: ['a', 'b'],
      workerDirect: true,
      workerStateDb: '/state/%n',
      workerRevokesMax: 100,
      workerRevokeExpiresMs: 60_000,
      workerCancelLongRunningTasksOnConnectionLoss: true,
      workerSendTaskEvents: true,
      workerHeartbeatIntervalMs: 0,
      eventExchange: 'my-events',
      eventSerializer: 'json',
      workerSoftShutdownTimeoutMs: 10_000,
      workerEnableSoftShutdownOnIdle: true,
      nodeName: 'w1@%h',
      shutdownTimeoutMs: 30_000,
      remapSigterm: 'SIGQUIT',
      startupTimeoutMs: 45_000,
      shutdownDelayMs: 2500,
      logLevel: 'debug',
      healthPort: 8081,
      healthHost: '::1',
      port: 0,
      host: 'localhost',
      createTasksMax: 7,
      allowedHosts: ['tasks.example.com', '[::2]'],
      httpHeldBytesMax: 2_000_000,
      httpConnectionsMax: 10,
      httpRequestTimeoutMs: 2500,
      publishTimeoutMs: 250,
    });
    // each value differs from its default, so none of the above came from there; of one there is no other value
    const defaults = readSettings({});
    const kept = Object.entries(readSettings(env)).filter(
      ([key, value]) => defaults[key as keyof Settings] === value,
    );
    expect(kept).toEqual([['eventSerializer', 'json']]);
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
      'must be a comma-separated list of json, application/json, msgpack, application/x-msgpack, yaml, application/x-yaml (pickle runs code of the sender and is never read), got "json,pickle"',
    ],
    [
      'CELERIAC_NODE_NAME',
      'w%i@%h',
      'must be a name such as worker1@%h, with the expansions %h, %n, %d, %% and no other, got "w%i@%h"',
    ],
    [
      'CELERY_WORKER_POOL',
      'gevent',
      'must be one of eventloop, solo, threads, processes, prefork (gevent and eventlet are eventloop here: tasks that wait share one thread), got "gevent"',
    ],
    ['REMAP_SIGTERM', 'SIGKILL', 'must be SIGQUIT, got "SIGKILL"'],
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
    ['amqp://guest:hunter2%@h:70000', 'amqp://**@h:70000'],
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
    ['CELERIAC_LOGLEVEL', 'did you mean CELERIAC_LOG_LEVEL?'],
    ['CELERY_BROKER_URL_FIEL', 'did you mean CELERY_BROKER_URL_FILE?'],
    ['CELERY_COFFEE_AND_CAKE', 'unset it (docs/settings.md lists all)'],
  ])('refuses the unknown variable %s without showing its value', (variable, remedy) => {
    expect(problemsOf({ [variable]: 'hunter2' })).toEqual([`${variable} is not a setting; ${remedy}`]);
  });

  it('takes variables that only Celery has a use for, and names them', () => {
    const env = {
      CELERY_APP: 'shop.celery',
      CELERY_WORKER_LOGLEVEL: 'INFO',
      CELERY_TIMEZONE: 'Europe/Lisbon',
      CELERY_WORKER_CONCURRENCY: '3',
      LANG: 'C',
    };
    expect(problemsOf(env)).toEqual([]);
    expect(unusedVariables(env)).toEqual(['CELERY_APP', 'CELERY_TIMEZONE', 'CELERY_WORKER_LOGLEVEL']);
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
