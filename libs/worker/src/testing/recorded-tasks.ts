import { float, PythonError, PythonScalar } from '@celeriac/protocol';
import {
  bound,
  defineHolder,
  defineTask,
  Ignore,
  implement,
  plainTask,
  Reject,
  withOptions,
  type ImplementedHolder,
  type TaskContext,
} from '@celeriac/task-registry';
import { Type } from '@sinclair/typebox';
import { once } from 'node:events';

/** What the recorded task `ret` was told to return: Python's expression, and the value that stands for it here. */
const values = new Map<string, unknown>([
  ['5', 5],
  ['2.5', 2.5],
  ['3.0', float(3)],
  ['-0.0', -0],
  ['1e22', 1e22],
  ['1e-7', 1e-7],
  ["'text'", 'text'],
  [String.raw`'h\u00e9\U0001F600'`, 'hé😀'],
  ['None', null],
  ['True', true],
  ['[1,(2,3)]', [1, [2, 3]]],
  ["{'a':{'b':None},1:2}", { a: { b: null }, 1: 2 }],
  ['2**70', 2n ** 70n],
  ["float('nan')", NaN],
  ["float('inf')", Infinity],
  ["b'abc'", Buffer.from('abc')],
  [String.raw`b'\xff\x00'`, Buffer.from([0xff, 0])],
  [
    'datetime.datetime(2024,5,6,7,8,9,123456,tzinfo=datetime.timezone.utc)',
    new PythonScalar('datetime', '2024-05-06T07:08:09.123456+00:00'),
  ],
  ['datetime.date(2024,5,6)', new PythonScalar('date', '2024-05-06')],
  ['datetime.time(7,8,9)', new PythonScalar('time', '07:08:09')],
  [
    "_uuid.UUID('12345678-1234-5678-1234-567812345678')",
    new PythonScalar('uuid', '12345678-1234-5678-1234-567812345678'),
  ],
  ["decimal.Decimal('1.10')", new PythonScalar('decimal', '1.10')],
  ['{1,2}', new Set([1, 2])],
  ['object()', () => 'no JSON for a function'],
  [
    "add.AsyncResult('aaaaaaaa-0000-4000-8000-000000000001')",
    [['aaaaaaaa-0000-4000-8000-000000000001', null], null],
  ],
]);

/** What the recorded task `fail` was told to raise. */
const errors = new Map<string, PythonError>([
  ["ValueError('bad value')", new PythonError('ValueError', ['bad value'])],
  ["KeyError('missing')", new PythonError('KeyError', ['missing'])],
  ["CustomError('a',1,None)", new PythonError('CustomError', ['a', 1, null], { excModule: 'vecapp' })],
  ['Exception()', new PythonError('Exception')],
  [
    "OSError(2,'No such file or directory')",
    new PythonError('FileNotFoundError', [2, 'No such file or directory']),
  ],
  ['ValueError(object())', new PythonError('ValueError', [() => 'no JSON for a function'])],
  ["ValueError(b'abc')", new PythonError('ValueError', [Buffer.from('abc')])],
  [String.raw`ValueError('h\u00e9')`, new PythonError('ValueError', ['hé'])],
  [
    'ValueError(datetime.datetime(2024,1,1))',
    new PythonError('ValueError', [new PythonScalar('datetime', '2024-01-01T00:00:00')]),
  ],
  ["ValueError('x')", new PythonError('ValueError', ['x'])],
  ["ValueError('in chain')", new PythonError('ValueError', ['in chain'])],
]);

function standIn<T>(table: ReadonlyMap<string, T>, expression: string): T {
  if (!table.has(expression)) throw new Error(`no stand-in for the Python expression ${expression}`);
  return table.get(expression) as T; // it has it
}

/** What Python's `1 / 0` raises. */
class ZeroDivisionError extends PythonError {
  constructor() {
    super('ZeroDivisionError', ['division by zero']);
  }
}

/** What a task can know of its own call, by the names of the recording. */
function whoami({ request }: TaskContext): Record<string, unknown> {
  const { deliveryInfo } = request;
  return {
    id: request.id,
    root_id: request.rootId,
    parent_id: request.parentId ?? null,
    group: request.groupId ?? null,
    group_index: request.groupIndex ?? null,
    retries: request.retries,
    reply_to: request.replyTo,
    correlation_id: request.correlationId,
    delivery_info: {
      exchange: deliveryInfo.exchange,
      routing_key: deliveryInfo.routingKey,
      priority: deliveryInfo.priority,
      redelivered: deliveryInfo.redelivered,
    },
    origin: request.origin,
    shadow: request.shadow ?? null,
    eta: request.eta ?? null,
    expires: request.expires ?? null,
    timelimit: request.timelimit,
    hostname: request.hostname,
    headers: request.headers,
    stamps: request.stamps,
    stamped_headers: request.stampedHeaders.length === 0 ? null : request.stampedHeaders,
    replaced_task_nesting: request.replacedTaskNesting,
    ignore_result: request.ignoreResult,
  };
}

/** Fails as often as its keyword argument `times` says, and asks for another run in a second each time. */
function retry(context: TaskContext, payload: unknown): unknown {
  const { retries, kwargs } = context.request;
  if (retries >= Number(kwargs['times'])) return payload;
  return context.retry({ exc: new PythonError('ValueError', [`try ${String(retries)}`]), countdown: 1 });
}

/** Ends when it is told to, as code that waits for I/O does: with the reason of its signal. */
async function soft({ signal }: TaskContext): Promise<never> {
  await once(signal, 'abort');
  throw signal.reason;
}

/** Never ends, and heeds no signal. */
function endless(): Promise<never> {
  return new Promise(() => undefined);
}

const operands = [
  ['x', Type.Integer()],
  ['y', Type.Integer()],
] as const;

/** The recorded worker's tasks, on its queue. */
export const recordedTasks: ImplementedHolder = implement(
  defineHolder('celery', {
    add: defineTask({ name: 'tasks.add', parameters: operands, result: Type.Integer() }),
    mul: defineTask({ name: 'tasks.mul', parameters: operands, result: Type.Integer() }),
    ret: plainTask({ name: 'tasks.ret' }),
    fail: plainTask({ name: 'tasks.fail' }),
    failExpected: plainTask({ name: 'tasks.fail_expected' }),
    started: plainTask({ name: 'tasks.started' }),
    ignoredResult: plainTask({ name: 'tasks.ignored_result' }),
    sleepLate: plainTask({ name: 'tasks.sleep_late' }),
    // what is a float in Python and has no fraction is a float here when the result's schema says so
    echo: defineTask({
      name: 'tasks.echo',
      parameters: [
        ['value', Type.Unknown()],
        ['k', Type.Optional(Type.Unknown())],
      ],
      result: Type.Union([Type.Object({ a: Type.Number() }), Type.Integer(), Type.Unknown()]),
    }),
    whoami: plainTask({ name: 'tasks.whoami' }),
    errbackOld: plainTask({ name: 'tasks.errback_old' }),
    progress: plainTask({ name: 'tasks.progress' }),
    retry: plainTask({ name: 'tasks.retry' }),
    retryNoexc: plainTask({ name: 'tasks.retry_noexc' }),
    retryExhaust: plainTask({ name: 'tasks.retry_exhaust' }),
    autoretry: plainTask({ name: 'tasks.autoretry' }),
    ignore: plainTask({ name: 'tasks.ignore' }),
    reject: plainTask({ name: 'tasks.reject' }),
    soft: plainTask({ name: 'tasks.soft' }),
    hard: plainTask({ name: 'tasks.hard' }),
    sleep: plainTask({ name: 'tasks.sleep' }),
    limited: plainTask({ name: 'tasks.limited' }),
  }),
  {
    add: (x, y) => x + y,
    mul: (x, y) => x * y,
    ret: (expression: string) => standIn(values, expression),
    fail: (expression: string) => {
      throw standIn(errors, expression);
    },
    failExpected: () => {
      throw new PythonError('KeyError', ['expected']);
    },
    started: withOptions({ trackStarted: true }, () => 'ok'),
    ignoredResult: () => 'dropped',
    sleepLate: (seconds: number) => Promise.resolve(seconds), // the time is of no matter, the order of result and ack is
    echo: (value) => value,
    whoami: bound(whoami),
    errbackOld: (failedId: string) => `old:${failedId}`,
    progress: bound((context) => {
      context.updateState('PROGRESS', { current: 1, total: 10 });
      return 'ok';
    }),
    retry: bound(retry),
    retryNoexc: bound((context) => (context.request.retries < 1 ? context.retry({ countdown: 1 }) : 'done')),
    retryExhaust: withOptions(
      { maxRetries: 0 },
      bound((context) => context.retry({ countdown: 1 })),
    ),
    autoretry: withOptions(
      { autoretryFor: [ZeroDivisionError], retryKwargs: { maxRetries: 1, countdown: 1 } },
      () => {
        throw new ZeroDivisionError();
      },
    ),
    ignore: () => {
      throw new Ignore();
    },
    reject: (requeue: boolean) => {
      throw new Reject('no reason', { requeue });
    },
    soft: withOptions({ softTimeLimit: 1 }, bound(soft)),
    hard: withOptions({ timeLimit: 1 }, endless),
    sleep: endless,
    limited: withOptions({ rateLimit: '1/s' }, () => 'limited'),
  },
);
