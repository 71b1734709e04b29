import { PythonError, writeJson } from '@celeriac/protocol';
import { Ignore, Reject, Retry, SoftTimeLimitExceeded } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import { PoolBundle, PoolFixture, rejectionOf } from '../testing/pool-fixture.ts';
import { hostileReturns, hostileThrows } from '../testing/hostile-values.ts';
import { isExpectedError } from './outcome-wire.ts';
import { WorkerLostError } from './worker-lost-error.ts';

jest.setTimeout(120_000);

const bundle = new PoolBundle();

beforeAll(() => bundle.build());

afterAll(() => {
  bundle.remove();
});

/** What crosses in both directions, the same for both kinds of pool. */
describe.each(['threads', 'processes'] as const)('a pool of %s', (kind) => {
  let fixture: PoolFixture;

  beforeAll(async () => {
    fixture = new PoolFixture(kind, bundle);
    await fixture.pool.start();
  });

  afterAll(async () => {
    await fixture.pool.close();
  });

  it.each([
    ['float', '9.0'],
    ['fraction', '0.1'],
    ['bigint', '1180591620717411303424'],
    ['bytes', '{"__type__": "base64", "__value__": "/wA="}'],
    ['datetime', '{"__type__": "datetime", "__value__": "2026-01-02T03:04:05.678000+00:00"}'],
    ['nothing', 'null'],
    ['nested', '{"list": [1, 1.0, {"deep": -0.0}]}'],
  ])('gives a value as it is: %s', async (value, json) => {
    expect(writeJson(await fixture.run('value', value).result)).toBe(json);
  });

  it('marks the numbers of a result as its schema says', async () => {
    expect(writeJson(await fixture.run('typed', 9).result)).toBe('9.0');
  });

  it('fails with EncodeError for a value that JSON cannot carry', async () => {
    expect(await rejectionOf(fixture.run('value', 'function'))).toMatchObject({
      excType: 'EncodeError',
      excModule: 'kombu.exceptions',
      message: expect.stringContaining('is a function') as string,
    });
  });

  it.each([
    ['python', { excType: 'KeyError', excModule: 'builtins' }],
    ['async', { excType: 'TypeError', excModule: 'builtins', message: 'no such number' }],
    ['text', { excType: 'Exception', excArgs: ['just a text'] }],
    ['cause', { excType: 'OutOfStock', excModule: 'celeriac', excArgs: ['none left'] }],
    ['unspeakable', { excType: 'Exception', message: 'what was thrown cannot be read: not even that' }],
  ])('rejects with what was thrown, under the type that Python sees: %s', async (failure, expected) => {
    const error = await rejectionOf(fixture.run('fail', failure));

    expect(error).toMatchObject(expected);
    expect(await fixture.run('value', 'fraction').result).toBe(0.1);
  });

  it.each(Object.keys(hostileThrows))('rejects, and goes on, when a task throws %s', async (name) => {
    expect(await rejectionOf(fixture.run('hostile', 'throws', name))).toBeInstanceOf(PythonError);
  });

  it.each(Object.entries(hostileReturns))('ends once when a task returns %s', async (name, [status]) => {
    const ended = await fixture.run('hostile', 'returns', name).result.then(
      () => 'SUCCESS',
      (error: unknown) =>
        error instanceof PythonError && !(error instanceof WorkerLostError) ? 'FAILURE' : error,
    );
    expect(ended).toBe(status);
  });

  it('keeps the arguments and the traceback of an error', async () => {
    const error = await rejectionOf(fixture.run('fail', 'python'));

    expect(writeJson((error as Error & { excArgs: unknown }).excArgs)).toBe('["num_1", 2.0]');
    expect(error.stack).toMatch(/pool-tasks/);
    expect((await rejectionOf(fixture.run('fail', 'cause'))).stack).toMatch(
      /^Error: none left[^]*Caused by: RangeError: too many/,
    );
  });

  it('tells of an error whether its task names it in `throws`', async () => {
    expect(isExpectedError(await rejectionOf(fixture.run('fail', 'cause')))).toBe(true);
    expect(isExpectedError(await rejectionOf(fixture.run('fail', 'python')))).toBe(false);
  });

  it('rejects with NotRegistered for a task that its module lacks', async () => {
    expect(await rejectionOf(fixture.run('unknown'))).toMatchObject({
      excType: 'NotRegistered',
      excArgs: ['unknown'],
    });
  });

  it('hands on a Retry with all that it says', async () => {
    const retry = await rejectionOf(fixture.run('again'));

    if (!(retry instanceof Retry)) throw retry;
    expect(retry).toMatchObject({
      eta: new Date('2030-01-01T00:00:00Z'),
      exc: { excType: 'OutOfStock', message: 'none left' },
      changes: { queue: 'later', priority: 3, expires: new Date('2031-01-01T00:00:00Z') },
    });
    const { args, kwargs } = retry.changes;
    expect(writeJson([args, kwargs])).toBe(
      '[[2.0, 1180591620717411303424], {"bytes": {"__type__": "base64", "__value__": "/w=="}}]',
    );
  });

  it('fails with EncodeError for a Retry whose arguments JSON cannot carry', async () => {
    expect(await rejectionOf(fixture.run('again', 'unwritable'))).toMatchObject({
      excType: 'EncodeError',
      message: expect.stringContaining('the arguments of the retry: value[1] is a function') as string,
    });
  });

  it('hands on Reject and Ignore', async () => {
    const reject = await rejectionOf(fixture.run('reject'));
    const ignore = await rejectionOf(fixture.run('ignore'));

    expect(reject).toBeInstanceOf(Reject);
    expect(reject).toMatchObject({ reason: 'no such customer', requeue: true });
    expect(ignore).toBeInstanceOf(Ignore);
    expect(ignore.message).toBe('somebody else has done it');
  });

  it('tells a task of its request, as its message came', async () => {
    expect(await fixture.run('request', 1, 'b').result).toEqual({
      args: [1, 'b'],
      deliveryInfo: { exchange: 'pooled', routingKey: 'pooled', priority: 0, redelivered: true },
      hostname: 'pool@spec',
      isBuffer: true,
    });
  });

  it('tells of states in their order, all before the result', async () => {
    fixture.states.length = 0;

    await fixture.run('progress', 100).result;

    const told = Array.from({ length: 100 }, (_, done) => `["PROGRESS", {"done": ${done}.0}]`);
    expect(fixture.states.map((state) => writeJson(state))).toEqual(told);
  });

  it('writes the log lines of a task, with what cannot leave the child as text', async () => {
    await fixture.run('log').result;

    expect(fixture.logger.fieldsOf('low on stock')).toEqual([
      { taskId: 'id-of-log', task: 'log', amount: 3, callback: '[Function: callback]', at: new Date(0) },
    ]);
  });

  it('aborts the signal of a task with its reason', async () => {
    fixture.states.length = 0;
    const run = fixture.run('untilAborted', 'return');
    await until(() => fixture.states.length > 0, { timeoutMs: 30_000 });

    run.abort(new SoftTimeLimitExceeded());

    expect(await run.result).toBe(true);
  });

  it('rejects with a SoftTimeLimitExceeded that a task lets through', async () => {
    const run = fixture.run('untilAborted', 'throw');

    run.abort(new SoftTimeLimitExceeded());

    expect(await rejectionOf(run)).toBeInstanceOf(SoftTimeLimitExceeded);
  });

  it('aborts no run but the one that it was meant for', async () => {
    const first = fixture.run('value', 'float');
    const second = fixture.run('untilAborted', 'return');
    first.abort(new Error('too late'));
    await first.result;
    first.abort(new Error('later still'));

    second.abort(new SoftTimeLimitExceeded());

    expect(await second.result).toBe(true);
  });
});
