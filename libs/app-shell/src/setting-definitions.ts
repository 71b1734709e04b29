import type { CompressionName, QueueType, SerializerName } from '@celeriac/protocol';
import type { LogLevel } from './create-logger.ts';
import {
  acceptContent,
  boolean,
  brokerUrl,
  compression,
  host,
  hostNames,
  integer,
  nodeName,
  nodePath,
  oneOf,
  queueName,
  queueNames,
  rateLimit,
  secondsAsMs,
  secondsOrZeroAsMs,
  serializer,
  signalName,
  workerPool,
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
/** More than anybody counts to. */
const mostCount = 2_147_483_647;
/** AMQP has a priority in 8 bits. */
const mostPriority = 255;
/** RabbitMQ takes no larger message, however it is configured. */
const mostBodyBytes = 536_870_912;

const queueType = oneOf({ classic: 'classic', quorum: 'quorum' });

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
  brokerNativeDelayedDeliveryQueueType: define<QueueType>({
    variable: 'CELERY_BROKER_NATIVE_DELAYED_DELIVERY_QUEUE_TYPE',
    celeryName: 'broker_native_delayed_delivery_queue_type',
    parser: queueType,
    fallback: 'quorum',
    fallbackText: 'quorum',
    meaning:
      'Kind of the queues in which the broker holds tasks until their eta; the same for all on the virtual host.',
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
  resultExtended: define({
    variable: 'CELERY_RESULT_EXTENDED',
    celeryName: 'result_extended',
    parser: boolean,
    fallback: false,
    fallbackText: 'false',
    meaning: 'Results also say name, arguments, worker, queue and retries of their task.',
  }),
  resultSerializer: define<SerializerName>({
    variable: 'CELERY_RESULT_SERIALIZER',
    celeryName: 'result_serializer',
    parser: serializer,
    fallback: 'json',
    fallbackText: 'json',
    meaning: 'How results are written.',
  }),
  resultAcceptContent: define<readonly string[] | undefined>({
    variable: 'CELERY_RESULT_ACCEPT_CONTENT',
    celeryName: 'result_accept_content',
    parser: acceptContent,
    fallback: undefined,
    fallbackText: '',
    meaning: 'Serializers whose results are read. Unset, those of `accept_content`.',
  }),
  acceptContent: define<readonly string[]>({
    variable: 'CELERY_ACCEPT_CONTENT',
    celeryName: 'accept_content',
    parser: acceptContent,
    fallback: ['json'],
    fallbackText: 'json',
    meaning: 'Serializers whose messages are read; all others are refused.',
  }),
  maxBodyBytes: define<number | undefined>({
    variable: 'CELERIAC_MAX_BODY_BYTES',
    parser: integer(1, mostBodyBytes),
    fallback: undefined,
    fallbackText: '',
    meaning:
      'Largest body that is read, before and after decompression; larger ones are refused. Unset, a sixteenth of the heap, at most 64 MiB.',
  }),
  maxBodyValues: define<number | undefined>({
    variable: 'CELERIAC_MAX_BODY_VALUES',
    parser: integer(1, mostCount),
    fallback: undefined,
    fallbackText: '',
    meaning:
      'Most values in a body, each array, object and key counted; a body with more is refused before they are made. Unset, one for each 512 bytes of the heap.',
  }),
  maxWaitingBytes: define<number | undefined>({
    variable: 'CELERIAC_MAX_WAITING_BYTES',
    parser: integer(1, mostCount),
    fallback: undefined,
    fallbackText: '',
    meaning:
      'Most bytes of the messages that a worker has received and not started. Beyond it the worker takes no messages until half of it is free. Unset, an eighth of the heap.',
  }),
  maxFollowUpCalls: define({
    variable: 'CELERIAC_MAX_FOLLOW_UP_CALLS',
    parser: integer(1, mostCount),
    fallback: 10_000,
    fallbackText: '10000',
    meaning:
      "Most calls that a task's end may lead to at once; in all, ten times as many tasks may follow. Beyond it the task fails and nothing is sent.",
  }),
  maxFollowUpBytes: define<number | undefined>({
    variable: 'CELERIAC_MAX_FOLLOW_UP_BYTES',
    parser: integer(1, mostCount),
    fallback: undefined,
    fallbackText: '',
    meaning:
      "Most bytes of the messages that a task's end may lead to at once. Beyond it the task fails and nothing is sent. Unset, a quarter of the heap, at most 256 MiB.",
  }),
  maxErrorText: define({
    variable: 'CELERIAC_MAX_ERROR_TEXT',
    parser: integer(256, mostBodyBytes),
    fallback: 65_536,
    fallbackText: '65536',
    meaning:
      'Longest traceback that is stored of an error, in characters; its arguments have a quarter of it. Longer texts lose their middle.',
  }),
  taskSerializer: define<SerializerName>({
    variable: 'CELERY_TASK_SERIALIZER',
    celeryName: 'task_serializer',
    parser: serializer,
    fallback: 'json',
    fallbackText: 'json',
    meaning: 'How tasks are written.',
  }),
  taskCompression: define<CompressionName | undefined>({
    variable: 'CELERY_TASK_COMPRESSION',
    celeryName: 'task_compression',
    parser: compression,
    fallback: undefined,
    fallbackText: '',
    meaning: 'Compression of tasks: gzip, zlib, brotli, and from Node 22.15 on zstd. Unset, there is none.',
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
  taskAcksOnFailure: define<boolean | undefined>({
    variable: 'CELERY_TASK_ACKS_ON_FAILURE',
    celeryName: 'task_acks_on_failure',
    parser: boolean,
    fallback: undefined,
    fallbackText: '',
    meaning:
      'With late acknowledgement, a failed task is acknowledged; when false it is rejected. Unset, as `task_acks_on_failure_or_timeout`.',
  }),
  taskAcksOnTimeout: define<boolean | undefined>({
    variable: 'CELERY_TASK_ACKS_ON_TIMEOUT',
    celeryName: 'task_acks_on_timeout',
    parser: boolean,
    fallback: undefined,
    fallbackText: '',
    meaning:
      'With late acknowledgement, a task ended at its hard limit is acknowledged; when false it goes back to its queue. Unset, as `task_acks_on_failure_or_timeout`.',
  }),
  taskRejectOnWorkerLost: define({
    variable: 'CELERY_TASK_REJECT_ON_WORKER_LOST',
    celeryName: 'task_reject_on_worker_lost',
    parser: boolean,
    fallback: true,
    fallbackText: 'true',
    difference: 'false; a task is run again after a crash of its process as it is after one of the worker',
    meaning:
      'With late acknowledgement, a task whose process died goes back to its queue; when false it fails with WorkerLostError.',
  }),
  redeliveryLimit: define({
    variable: 'CELERIAC_REDELIVERY_LIMIT',
    parser: integer(0, mostCount),
    fallback: 3,
    fallbackText: '3',
    meaning:
      'Times a task is started again that was running when its worker died; then it fails with WorkerLostError and its message is rejected. Nothing else counts. 0: no limit.',
  }),
  consumerTimeoutMs: define({
    variable: 'CELERIAC_CONSUMER_TIMEOUT',
    parser: secondsAsMs(mostTimerSeconds),
    fallback: 1_800_000,
    fallbackText: '1800',
    meaning:
      '`consumer_timeout` of RabbitMQ, as the broker has it: no task is held unacknowledged for longer, and those that may run for longer are warned of.',
  }),
  taskDefaultQueue: define({
    variable: 'CELERY_TASK_DEFAULT_QUEUE',
    celeryName: 'task_default_queue',
    parser: queueName,
    fallback: 'celery',
    fallbackText: 'celery',
    meaning: 'Queue of a task sent by a name that no holder declares and without a queue.',
  }),
  taskDefaultQueueType: define<QueueType>({
    variable: 'CELERY_TASK_DEFAULT_QUEUE_TYPE',
    celeryName: 'task_default_queue_type',
    parser: queueType,
    fallback: 'classic',
    fallbackText: 'classic',
    meaning: 'Kind of the default queue.',
  }),
  taskCreateMissingQueues: define({
    variable: 'CELERY_TASK_CREATE_MISSING_QUEUES',
    celeryName: 'task_create_missing_queues',
    parser: boolean,
    fallback: true,
    fallbackText: 'true',
    meaning:
      'A call may name a queue that nobody defined; it is declared. When false, such a call is refused.',
  }),
  taskQueueMaxPriority: define<number | undefined>({
    variable: 'CELERY_TASK_QUEUE_MAX_PRIORITY',
    celeryName: 'task_queue_max_priority',
    parser: integer(1, mostPriority),
    fallback: undefined,
    fallbackText: '',
    meaning: '`x-max-priority` of the classic queues that are declared. Unset, they have no priorities.',
  }),
  taskDefaultPriority: define<number | undefined>({
    variable: 'CELERY_TASK_DEFAULT_PRIORITY',
    celeryName: 'task_default_priority',
    parser: integer(0, mostPriority),
    fallback: undefined,
    fallbackText: '',
    meaning: 'Priority of calls that give none. Unset, 0.',
  }),
  taskInheritParentPriority: define({
    variable: 'CELERY_TASK_INHERIT_PARENT_PRIORITY',
    celeryName: 'task_inherit_parent_priority',
    parser: boolean,
    fallback: false,
    fallbackText: 'false',
    meaning: 'What a task calls has the priority of the task, where it gives none.',
  }),
  taskDefaultRateLimit: define<string | undefined>({
    variable: 'CELERY_TASK_DEFAULT_RATE_LIMIT',
    celeryName: 'task_default_rate_limit',
    parser: rateLimit,
    fallback: undefined,
    fallbackText: '',
    meaning:
      'How often a task may start in one worker, for tasks that say nothing else. Unset, as often as they come.',
  }),
  taskTimeLimitMs: define<number | undefined>({
    variable: 'CELERY_TASK_TIME_LIMIT',
    celeryName: 'task_time_limit',
    parser: secondsAsMs(mostTimerSeconds),
    fallback: undefined,
    fallbackText: '',
    meaning:
      'A task that runs for longer is ended: with its thread or process, on the event loop by no longer waiting for it. Unset, there is no limit.',
  }),
  taskSoftTimeLimitMs: define<number | undefined>({
    variable: 'CELERY_TASK_SOFT_TIME_LIMIT',
    celeryName: 'task_soft_time_limit',
    parser: secondsAsMs(mostTimerSeconds),
    fallback: undefined,
    fallbackText: '',
    meaning: 'A task that runs for longer is told to stop: its signal is aborted. Unset, there is no limit.',
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
  workerPool: define<'eventloop' | 'solo' | 'threads' | 'processes'>({
    variable: 'CELERY_WORKER_POOL',
    celeryName: 'worker_pool',
    parser: workerPool,
    fallback: 'eventloop',
    fallbackText: 'eventloop',
    difference: 'prefork; tasks that wait cost least on an event loop, those that compute want `processes`',
    meaning:
      'Where tasks run: on the event loop of the worker (`solo`: one at a time), in threads, or in processes (`prefork` is another name for these).',
  }),
  workerConcurrency: define<number | undefined>({
    variable: 'CELERY_WORKER_CONCURRENCY',
    celeryName: 'worker_concurrency',
    parser: integer(1, 65_535),
    fallback: undefined,
    fallbackText: '',
    difference: 'the number of CPUs; tasks that wait on an event loop cost little',
    meaning:
      'Tasks that run at the same time in one worker. Unset, 64 on the event loop, 1 for `solo`, the number of CPUs for threads and processes.',
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
  workerMaxTasksPerChild: define<number | undefined>({
    variable: 'CELERY_WORKER_MAX_TASKS_PER_CHILD',
    celeryName: 'worker_max_tasks_per_child',
    parser: integer(1, mostCount),
    fallback: undefined,
    fallbackText: '',
    meaning: 'A thread or process is replaced after so many tasks. Unset, never.',
  }),
  workerMaxMemoryPerChildKib: define<number | undefined>({
    variable: 'CELERY_WORKER_MAX_MEMORY_PER_CHILD',
    celeryName: 'worker_max_memory_per_child',
    parser: integer(1, mostCount),
    fallback: undefined,
    fallbackText: '',
    meaning:
      'A process with more resident memory, or a thread with a larger heap, in KiB, is replaced after its task. Unset, never.',
  }),
  workerEtaTaskLimit: define<number | undefined>({
    variable: 'CELERY_WORKER_ETA_TASK_LIMIT',
    celeryName: 'worker_eta_task_limit',
    parser: integer(0, mostCount),
    fallback: undefined,
    fallbackText: '',
    difference: 'no limit; held tasks must leave room for those that may run',
    meaning:
      'Tasks that are held in the worker until their eta; more wait at the broker. Unset, and at most, half the prefetch count.',
  }),
  workerDisableRateLimits: define({
    variable: 'CELERY_WORKER_DISABLE_RATE_LIMITS',
    celeryName: 'worker_disable_rate_limits',
    parser: boolean,
    fallback: false,
    fallbackText: 'false',
    meaning: 'Rate limits of tasks are not heeded.',
  }),
  workerQueues: define<readonly string[] | undefined>({
    variable: 'CELERIAC_WORKER_QUEUES',
    parser: queueNames,
    fallback: undefined,
    fallbackText: '',
    meaning: 'Queues that the worker consumes (the option -Q of `celery worker`). Unset, those of its tasks.',
  }),
  workerDirect: define({
    variable: 'CELERY_WORKER_DIRECT',
    celeryName: 'worker_direct',
    parser: boolean,
    fallback: false,
    fallbackText: 'false',
    meaning: 'The worker also consumes a queue of its own, `<node name>.dq2`, bound to the exchange `C.dq2`.',
  }),
  workerStateDb: define<string | undefined>({
    variable: 'CELERY_WORKER_STATE_DB',
    celeryName: 'worker_state_db',
    parser: nodePath,
    fallback: undefined,
    fallbackText: '',
    meaning:
      'File that keeps revoked tasks over a restart of the worker; each worker needs one of its own. `%n` and `%h` are name and host of the node name. Unset, a restart forgets them.',
  }),
  workerRevokesMax: define({
    variable: 'CELERY_WORKER_REVOKES_MAX',
    parser: integer(1, mostCount),
    fallback: 50_000,
    fallbackText: '50000',
    meaning: 'Revoked tasks that are remembered; the oldest are forgotten first.',
  }),
  workerRevokeExpiresMs: define({
    variable: 'CELERY_WORKER_REVOKE_EXPIRES',
    parser: secondsAsMs(mostTimerSeconds),
    fallback: 10_800_000,
    fallbackText: '10800',
    meaning: 'Revoked tasks of longer ago are forgotten when there are `CELERY_WORKER_REVOKES_MAX`.',
  }),
  workerCancelLongRunningTasksOnConnectionLoss: define({
    variable: 'CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS',
    celeryName: 'worker_cancel_long_running_tasks_on_connection_loss',
    parser: boolean,
    fallback: false,
    fallbackText: 'false',
    meaning:
      'Tasks with late acknowledgement that run when the connection is lost are ended, as the broker gives them to another worker.',
  }),
  workerSendTaskEvents: define({
    variable: 'CELERY_WORKER_SEND_TASK_EVENTS',
    celeryName: 'worker_send_task_events',
    parser: boolean,
    fallback: false,
    fallbackText: 'false',
    meaning: 'Monitors are told what becomes of each task (the option -E of `celery worker`).',
  }),
  workerHeartbeatIntervalMs: define({
    variable: 'CELERIAC_WORKER_HEARTBEAT_INTERVAL',
    parser: secondsOrZeroAsMs(mostTimerSeconds),
    fallback: 2000,
    fallbackText: '2',
    meaning:
      'Time between two events with which the worker tells monitors that it lives; 0 sends none (the options `--heartbeat-interval` and `--without-heartbeat` of `celery worker`).',
  }),
  eventExchange: define({
    variable: 'CELERY_EVENT_EXCHANGE',
    celeryName: 'event_exchange',
    parser: { ...queueName, allowed: 'an exchange name of at most 255 bytes' },
    fallback: 'celeryev',
    fallbackText: 'celeryev',
    meaning: 'Topic exchange to which events go.',
  }),
  eventSerializer: define<'json'>({
    variable: 'CELERY_EVENT_SERIALIZER',
    celeryName: 'event_serializer',
    parser: oneOf({ json: 'json' }),
    fallback: 'json',
    fallbackText: 'json',
    meaning: 'How events are written: as JSON, which every receiver reads.',
  }),
  workerSoftShutdownTimeoutMs: define({
    variable: 'CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT',
    celeryName: 'worker_soft_shutdown_timeout',
    parser: secondsOrZeroAsMs(mostTimerSeconds),
    fallback: 0,
    fallbackText: '0',
    meaning: 'Before a cold shutdown, running tasks have this time to end. 0 gives them none.',
  }),
  workerEnableSoftShutdownOnIdle: define({
    variable: 'CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE',
    celeryName: 'worker_enable_soft_shutdown_on_idle',
    parser: boolean,
    fallback: false,
    fallbackText: 'false',
    meaning: 'A soft shutdown waits its time out, also when nothing runs any more.',
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
  remapSigterm: define<'SIGQUIT' | undefined>({
    variable: 'REMAP_SIGTERM',
    parser: signalName('SIGQUIT'),
    fallback: undefined,
    fallbackText: '',
    meaning: 'With `SIGQUIT`, TERM does what QUIT does. Unset, TERM is a warm shutdown.',
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
    meaning:
      'Producer: largest count that `GET /create_tasks/<count>` takes, and most rounds of all such requests that are under way.',
  }),
  allowedHosts: define<readonly string[] | undefined>({
    variable: 'CELERIAC_ALLOWED_HOSTS',
    parser: hostNames,
    fallback: undefined,
    fallbackText: '',
    meaning:
      'Producer: hosts that requests may name beside the loopback ones; others are refused. Unset, others are refused where `HOST` is a loopback address, and nowhere else.',
  }),
  httpHeldBytesMax: define({
    variable: 'CELERIAC_HTTP_HELD_BYTES_MAX',
    parser: integer(1_048_576, mostBodyBytes),
    fallback: 16_777_216,
    fallbackText: '16777216',
    meaning:
      'Producer: bytes held for all request bodies, their values included, and as many for all answers. Past it the oldest one that is under way gives way, or a call gets a 503.',
  }),
  httpConnectionsMax: define({
    variable: 'CELERIAC_HTTP_CONNECTIONS_MAX',
    parser: integer(1, mostCount),
    fallback: 1000,
    fallbackText: '1000',
    meaning: 'Producer: HTTP connections at a time; further ones are closed at once.',
  }),
  httpRequestTimeoutMs: define({
    variable: 'CELERIAC_HTTP_REQUEST_TIMEOUT',
    parser: secondsAsMs(mostTimerSeconds),
    fallback: 30_000,
    fallbackText: '30',
    meaning: 'Producer: a request that has not arrived as a whole by then gets a 408, its head within 10 s.',
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
