import type { LogLevel } from './create-logger.ts';
import {
  acceptContent,
  boolean,
  brokerUrl,
  host,
  integer,
  nodeName,
  oneOf,
  queueName,
  secondsAsMs,
  type SettingParser,
} from './setting-parsers.ts';

/** One setting: its names, how it is read, and what docs/settings.md says of it. */
export interface SettingDefinition<T> {
  /** Environment variable: `CELERY_` and Celery's name where Celery has it, else a name of ours. */
  readonly variable: string;
  /** Celery's own name of the setting, in lower case; absent where Celery has no such setting. */
  readonly celeryName?: string;
  readonly parser: SettingParser<NonNullable<T>>;
  /** In force when the variable is unset or empty. */
  readonly fallback: T;
  /** The fallback as one would write it in the variable. */
  readonly fallbackText: string;
  /** Celery's default where it differs, and why it does. */
  readonly difference?: string;
  /** May carry a secret: shown masked, and read from a file when `<variable>_FILE` names one. */
  readonly isSecret?: true;
  readonly meaning: string;
}

/** AMQP 0-9-1 sends a heartbeat delay as 16 bits. */
const mostHeartbeatSeconds = 65_535;
/** RabbitMQ takes at most 2³² − 1 ms as `x-expires`. */
const mostExpirySeconds = 4_294_967;
/** Node's timers run at most 2³¹ − 1 ms. */
const mostTimerSeconds = 2_147_483;

function define<T>(definition: SettingDefinition<T>): SettingDefinition<T> {
  return definition;
}

/** Every setting there is, in the order of docs/settings.md. The key is the field of `Settings`. */
export const settingDefinitions = {
  brokerUrl: define({
    variable: 'CELERY_BROKER_URL',
    celeryName: 'broker_url',
    parser: brokerUrl,
    fallback: 'amqp://guest:guest@localhost:5672//',
    fallbackText: 'amqp://guest:guest@localhost:5672//',
    isSecret: true,
    meaning: 'The broker, or several separated by `;` that are tried in turn.',
  }),
  brokerHeartbeatSeconds: define({
    variable: 'CELERY_BROKER_HEARTBEAT',
    celeryName: 'broker_heartbeat',
    parser: integer(0, mostHeartbeatSeconds),
    fallback: 120,
    fallbackText: '120',
    meaning:
      "AMQP heartbeat to ask for, in seconds; the smaller of this and the broker's wins. 0 asks for none.",
  }),
  brokerConnectionTimeoutMs: define({
    variable: 'CELERY_BROKER_CONNECTION_TIMEOUT',
    celeryName: 'broker_connection_timeout',
    parser: secondsAsMs(mostTimerSeconds),
    fallback: 4000,
    fallbackText: '4',
    meaning: 'Longest wait for one connection attempt, handshake included.',
  }),
  brokerConfirmPublish: define({
    variable: 'CELERY_BROKER_CONFIRM_PUBLISH',
    celeryName: 'broker_transport_options.confirm_publish',
    parser: boolean,
    fallback: true,
    fallbackText: 'true',
    difference:
      'false; a result counts as stored, and its task is acknowledged, once the broker has confirmed it',
    meaning: 'Workers wait for the broker to confirm a result before they acknowledge its task.',
  }),
  resultBackend: define<'rpc://' | 'disabled://'>({
    variable: 'CELERY_RESULT_BACKEND',
    celeryName: 'result_backend',
    parser: oneOf({
      'rpc://': 'rpc://',
      rpc: 'rpc://',
      'disabled://': 'disabled://',
      disabled: 'disabled://',
    }),
    fallback: 'rpc://',
    fallbackText: 'rpc://',
    difference: 'none; callers expect an answer, and `rpc://` needs nothing beside the broker',
    isSecret: true,
    meaning: 'Where results go: to the caller over the broker, or nowhere.',
  }),
  resultExpiresMs: define({
    variable: 'CELERY_RESULT_EXPIRES',
    celeryName: 'result_expires',
    parser: secondsAsMs(mostExpirySeconds),
    fallback: 86_400_000,
    fallbackText: '86400',
    meaning: "A client's reply queue, and what it knows of a task, is dropped after this time without use.",
  }),
  resultPersistent: define({
    variable: 'CELERY_RESULT_PERSISTENT',
    celeryName: 'result_persistent',
    parser: boolean,
    fallback: false,
    fallbackText: 'false',
    meaning: 'Result messages are written to disk by the broker.',
  }),
  acceptContent: define<readonly string[]>({
    variable: 'CELERY_ACCEPT_CONTENT',
    celeryName: 'accept_content',
    parser: acceptContent,
    fallback: ['json'],
    fallbackText: 'json',
    meaning: 'Serializers whose messages are read; all others are refused.',
  }),
  taskAcksLate: define({
    variable: 'CELERY_TASK_ACKS_LATE',
    celeryName: 'task_acks_late',
    parser: boolean,
    fallback: true,
    fallbackText: 'true',
    difference: 'false; an unfinished task is run again after a crash rather than lost',
    meaning: 'A message is acknowledged after its task has run and its result is stored, not before it runs.',
  }),
  taskAcksOnFailureOrTimeout: define({
    variable: 'CELERY_TASK_ACKS_ON_FAILURE_OR_TIMEOUT',
    celeryName: 'task_acks_on_failure_or_timeout',
    parser: boolean,
    fallback: true,
    fallbackText: 'true',
    meaning: 'With late acknowledgement, a failed task is acknowledged; when false it is rejected.',
  }),
  taskDefaultQueue: define({
    variable: 'CELERY_TASK_DEFAULT_QUEUE',
    celeryName: 'task_default_queue',
    parser: queueName,
    fallback: 'celery',
    fallbackText: 'celery',
    meaning: 'Queue of a task sent by a name that no holder declares and without a queue.',
  }),
  taskIgnoreResult: define({
    variable: 'CELERY_TASK_IGNORE_RESULT',
    celeryName: 'task_ignore_result',
    parser: boolean,
    fallback: false,
    fallbackText: 'false',
    meaning: 'Results are not stored, unless a call asks for it.',
  }),
  taskStoreErrorsEvenIfIgnored: define({
    variable: 'CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED',
    celeryName: 'task_store_errors_even_if_ignored',
    parser: boolean,
    fallback: false,
    fallbackText: 'false',
    meaning: 'A failure is stored even where the result is ignored.',
  }),
  taskTrackStarted: define({
    variable: 'CELERY_TASK_TRACK_STARTED',
    celeryName: 'task_track_started',
    parser: boolean,
    fallback: false,
    fallbackText: 'false',
    meaning: 'A task reports STARTED when it begins to run.',
  }),
  workerConcurrency: define({
    variable: 'CELERY_WORKER_CONCURRENCY',
    celeryName: 'worker_concurrency',
    parser: integer(1, 65_535),
    fallback: 64,
    fallbackText: '64',
    difference: 'the number of CPUs; tasks share one event loop here, and waiting ones cost little',
    meaning: 'Tasks that run at the same time in one worker.',
  }),
  workerPrefetchMultiplier: define({
    variable: 'CELERY_WORKER_PREFETCH_MULTIPLIER',
    celeryName: 'worker_prefetch_multiplier',
    parser: integer(0, 65_535),
    fallback: 4,
    fallbackText: '4',
    meaning:
      'Times the concurrency: messages that the broker sends ahead of acknowledgements. 0 sets no limit.',
  }),
  nodeName: define<string | undefined>({
    variable: 'CELERIAC_NODE_NAME',
    parser: nodeName,
    fallback: undefined,
    fallbackText: '<queue>@%h',
    difference:
      "`celery@%h` (the option -n of `celery worker`); the queue's name tells the four workers apart",
    meaning: 'Name of the worker. `%h` is the host, `%n` its first label, `%d` its domain.',
  }),
  shutdownTimeoutMs: define<number | undefined>({
    variable: 'CELERIAC_SHUTDOWN_TIMEOUT',
    parser: secondsAsMs(mostTimerSeconds),
    fallback: undefined,
    fallbackText: '',
    meaning: 'After this time a warm shutdown becomes a cold one. Unset, it waits for the tasks that run.',
  }),
  startupTimeoutMs: define({
    variable: 'CELERIAC_STARTUP_TIMEOUT',
    parser: secondsAsMs(mostTimerSeconds),
    fallback: 20_000,
    fallbackText: '20',
    meaning: 'After this time an app that has not been ready yet counts as started for `/health/startup`.',
  }),
  shutdownDelayMs: define<number | undefined>({
    variable: 'CELERIAC_SHUTDOWN_DELAY',
    parser: secondsAsMs(mostTimerSeconds),
    fallback: undefined,
    fallbackText: '',
    meaning:
      'Producer: how long a warm shutdown goes on serving, unready, so that whoever routes to it takes it out first.',
  }),
  logLevel: define<LogLevel>({
    variable: 'CELERIAC_LOG_LEVEL',
    parser: oneOf({ debug: 'debug', info: 'info', warn: 'warn', error: 'error', silent: 'silent' }),
    fallback: 'info',
    fallbackText: 'info',
    meaning: 'Least level of the lines that are logged.',
  }),
  healthPort: define<number | undefined>({
    variable: 'CELERIAC_HEALTH_PORT',
    parser: integer(0, 65_535),
    fallback: undefined,
    fallbackText: '',
    meaning:
      'Port of `/health/live`, `/health/ready` and `/health/startup`; 0 takes a free one. Unset, there is no health server.',
  }),
  healthHost: define({
    variable: 'CELERIAC_HEALTH_HOST',
    parser: host,
    fallback: '127.0.0.1',
    fallbackText: '127.0.0.1',
    meaning: 'Address on which the health server listens.',
  }),
  port: define({
    variable: 'PORT',
    parser: integer(0, 65_535),
    fallback: 8000,
    fallbackText: '8000',
    meaning: 'Producer: port of the HTTP server; 0 takes a free one.',
  }),
  host: define({
    variable: 'HOST',
    parser: host,
    fallback: '127.0.0.1',
    fallbackText: '127.0.0.1',
    meaning: 'Producer: address on which the HTTP server listens.',
  }),
  createTasksMax: define({
    variable: 'CELERIAC_CREATE_TASKS_MAX',
    parser: integer(1, 1_000_000),
    fallback: 10_000,
    fallbackText: '10000',
    meaning: 'Producer: largest count that `GET /create_tasks/<count>` takes.',
  }),
  publishTimeoutMs: define({
    variable: 'CELERIAC_PUBLISH_TIMEOUT',
    parser: secondsAsMs(mostTimerSeconds),
    fallback: 5000,
    fallbackText: '5',
    meaning: 'Longest wait for the broker to confirm a published task.',
  }),
};

type Definitions = typeof settingDefinitions;

/**
 * Every setting, read and checked. Seconds of the environment are milliseconds here, except for the heartbeat, which
 * AMQP itself counts in seconds. What each field means is in docs/settings.md.
 */
export type Settings = {
  readonly [Key in keyof Definitions]: Definitions[Key] extends SettingDefinition<infer Value>
    ? Value
    : never;
};
