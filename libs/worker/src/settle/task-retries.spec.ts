import { OperationalError } from '@celeriac/amqp-transport';
import { encodeTaskMessage, parseJson, type ResultMessage, type TaskCall } from '@celeriac/protocol';
import { PythonError } from '@celeriac/protocol';
import type { RetryOptions, TaskContext } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';
import { holderOf, optionedHolder } from '../testing/received-task.ts';
import { WorkerFixture } from '../testing/worker-fixture.ts';

const now = Date.parse('2026-11-22T10:00:00.250Z');
const call: TaskCall & { readonly id: string } = {
  id: 'an-id',
  name: 'work',
  args: [1, 'a'],
  kwargs: { k: null },
  origin: 'gen7@caller',
  replyTo: 'replies',
};

/** A worker whose task asks for another run, the first time. */
function retrying(options: RetryOptions): WorkerFixture {
  return new WorkerFixture(
    {},
    holderOf((context) => (context.request.retries === 0 ? context.retry(options) : 'done')),
  );
}

describe('a task that is retried', () => {
  let fixture: WorkerFixture;

  /** Starts a worker; the queue `slow` is there, with nobody who consumes it. */
  async function started(given: WorkerFixture): Promise<WorkerFixture> {
    fixture = given;
    const slow = { name: 'slow', durable: true, exclusive: false, autoDelete: false };
    await fixture.transport.declare({ exchanges: [], queues: [slow], bindings: [] });
    return fixture.start();
  }

  async function retried(): Promise<void> {
    await until(() => fixture.worker.counts.retried > 0 && fixture.settled.length > 0, { what: 'a retry' });
  }

  function retry() {
    const message = fixture.transport.published.find(({ headers }) => headers['retries'] === 1);
    if (message === undefined) throw new Error('there was no retry');
    return message;
  }

  beforeEach(() => {
    jest.useFakeTimers({ now, doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
  });

  afterEach(async () => {
    await fixture.worker.stop({ mode: 'cold' });
    jest.useRealTimers();
  });

  it('is sent, then RETRY stored, then acknowledged', async () => {
    await started(retrying({ countdown: 60, exc: new PythonError('OSError', ['down']) }));
    fixture.sendCall(call);
    await retried();
    const events = fixture.transport.journal.entries.flatMap((entry) => {
      if (!('message' in entry)) return [];
      const { retries } = entry.message.headers; // a result has none
      return [`${entry.event} ${typeof retries === 'number' ? String(retries) : 'RETRY'}`];
    });
    const order = ['confirmed 1', 'confirmed RETRY', 'acked 0'].map((event) => events.indexOf(event));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
    const [stored] = fixture.transport.messagesIn('replies');
    expect(parseJson(stored?.body.toString() ?? '')).toMatchObject({
      status: 'RETRY',
      result: { exc_type: 'OSError', exc_message: ['down'] },
      children: [[['an-id', null], null]],
      date_done: null,
    });
  });

  it('is the same message, one retry further', async () => {
    await started(retrying({ countdown: 60 }));
    const expires = new Date(now + 90_000);
    fixture.sendCall({
      ...call,
      priority: 4,
      expires,
      now: new Date(now - 10_000),
      headers: { tenant: 'acme', 'x-death': [{ count: 1 }] },
    });
    await retried();
    expect(retry()).toMatchObject({
      exchange: '',
      routingKey: 'shop',
      properties: {
        priority: 4,
        correlationId: 'an-id',
        replyTo: 'replies',
        expiration: '90000',
        deliveryMode: 2,
      },
      headers: {
        retries: 1,
        eta: '2026-11-22T10:01:00.250000+00:00',
        expires: '2026-11-22T10:01:30.250000+00:00',
        parent_id: 'an-id',
        root_id: 'an-id',
        origin: 'gen7@caller',
        tenant: 'acme',
      },
    });
    expect(retry().headers).not.toHaveProperty('x-death');
  });

  it.each<[string, RetryOptions, object]>([
    [
      'arguments',
      { countdown: 1, args: [2], kwargs: { k: 3 } },
      { body: '[[2], {"k": 3}]', argsrepr: '(2,)' },
    ],
    ['one of them', { countdown: 1, args: [] }, { body: '[[], {"k": null}]', argsrepr: '()' }],
    ['its queue', { countdown: 1, queue: 'slow' }, { routingKey: 'slow' }],
    ['its priority', { countdown: 1, priority: 9 }, { priority: 9 }],
    [
      'its expiry',
      { countdown: 1, expires: new Date(now + 5000) },
      { expires: '2026-11-22T10:00:05.250000+00:00', expiration: '5000' },
    ],
    ['nothing, and at once', { countdown: 0 }, { eta: null, body: '[[1, "a"], {"k": null}]' }],
  ])('may change %s', async (_what, options, expected) => {
    await started(retrying(options));
    fixture.sendCall(call);
    await retried();
    const { routingKey, properties, headers, body } = retry();
    const { argsrepr, eta, expires } = headers;
    const { priority, expiration } = properties;
    const told = {
      routingKey,
      priority,
      expiration,
      argsrepr,
      eta,
      expires,
      body: body.toString().replace(/, \{"callbacks".*/, ']'),
    };
    expect(told).toMatchObject(expected);
  });

  it('runs at once without an eta, and its result is the last word', async () => {
    await started(retrying({ countdown: 0 }));
    fixture.sendCall(call);
    await until(() => fixture.results.length === 2);
    expect(fixture.results).toMatchObject([{ status: 'RETRY' }, { status: 'SUCCESS', result: 'done' }]);
  });

  it('keeps ignore_result of its call: no state is stored, neither now nor then', async () => {
    await started(retrying({ countdown: 0 }));
    fixture.sendCall({ ...call, ignoreResult: true });
    await until(() => fixture.settled.length === 2);
    expect([retry().headers['ignore_result'], fixture.results]).toEqual([true, []]);
  });

  it('keeps the very bytes of its body, spaces and floats included', async () => {
    await started(retrying({ countdown: 60 }));
    const body = Buffer.from(
      '[ [3.0, 1e2],{"k":  -0.0}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]',
    );
    fixture.transport.put('shop', { ...encodeTaskMessage(call), body });
    await retried();
    expect(retry().body.toString()).toBe(body.toString());
  });

  it('is sent without the compression of its message', async () => {
    await started(retrying({ countdown: 60 }));
    const { properties, headers, body } = encodeTaskMessage(call);
    fixture.transport.put('shop', {
      properties,
      headers: { ...headers, compression: 'application/x-gzip' },
      body: deflateSync(body),
    });
    await retried();
    expect(retry().headers).not.toHaveProperty('compression');
    expect(retry().body.toString()).toBe(body.toString());
  });

  it('is sent by protocol 2 when it came by protocol 1', async () => {
    await started(retrying({ countdown: 60 }));
    const body = Buffer.from(
      JSON.stringify({ task: 'work', id: 'an-id', args: [1], kwargs: { k: 2 }, retries: 0 }),
    );
    fixture.transport.put('shop', {
      body,
      properties: { contentType: 'application/json', contentEncoding: 'utf-8', replyTo: 'replies' },
    });
    await retried();
    expect(retry().headers).toMatchObject({ task: 'work', id: 'an-id', argsrepr: '(1,)' });
    expect(retry().body.toString()).toMatch(/^\[\[1\], \{"k": 2\}, /);
  });

  it('fails when the broker refuses its next run', async () => {
    await started(retrying({ countdown: 60 }));
    fixture.transport.refusePublishes(({ headers }) =>
      headers['retries'] === 1 ? new OperationalError('ERR_PUBLISH_REFUSED', 'no room') : undefined,
    );
    fixture.sendCall(call);
    await until(() => fixture.settled.length === 1);
    expect(fixture.results).toMatchObject([{ status: 'FAILURE' }]);
    expect((fixture.results[0] as ResultMessage).result).toMatchObject({ exc_message: ['no room'] });
    expect(fixture.worker.counts).toMatchObject({ retried: 0, failed: 1 });
  });

  it('fails when its new arguments have no form in a message', async () => {
    await started(retrying({ countdown: 60, args: [() => 1] }));
    fixture.sendCall(call);
    await until(() => fixture.settled.length === 1);
    expect(fixture.results).toMatchObject([{ status: 'FAILURE' }]);
  });

  it('is not sent when its connection was lost: the message comes again, and asks again', async () => {
    let go: () => void = () => undefined;
    let runs = 0;
    const holder = optionedHolder({}, async (context: TaskContext) => {
      if (++runs > 1) return 'after all';
      await new Promise<void>((resolve) => (go = resolve));
      return context.retry({ countdown: 60 });
    });
    await started(new WorkerFixture({}, holder));
    fixture.sendCall(call);
    await until(() => runs === 1);
    fixture.transport.disconnect();
    go();
    await nextTurn();
    await nextTurn();
    fixture.transport.reconnect();
    await until(() => fixture.settled.length === 1);
    expect(fixture.transport.published.filter(({ headers }) => headers['retries'] === 1)).toEqual([]);
    expect([runs, fixture.results]).toMatchObject([2, [{ status: 'SUCCESS', result: 'after all' }]]);
  });
  it.each<[string, Record<string, unknown>]>([
    ['an `expires` of another type', { expires: { not: 'a date' } }],
    ['an `expires` that is an invalid date', { expires: new Date(NaN) }],
    ['an eta of another type', { eta: 'soon' }],
    ['a queue of another type', { queue: Symbol('q') }],
    ['a queue whose look throws', { queue: new Proxy({}, { get: raise }) }],
    ['headers with a value that throws', { headers: { get x() { return raise(); } } }], // prettier-ignore
    ['a priority of another type', { priority: {} }],
    ['arguments that throw', { args: [Object.defineProperty({}, 'a', { get: raise, enumerable: true })] }],
    ['a cause that throws', { exc: new Proxy(new Error('inside'), { get: raise, getPrototypeOf: raise }) }],
  ])('is settled and its caller told, whatever it asks for: %s', async (_what, options) => {
    await started(retrying({ countdown: 60, ...options }));
    fixture.sendCall(call);
    await until(() => fixture.settled.length === 1);
    const isRetried = fixture.worker.counts.retried === 1;
    expect(fixture.results).toMatchObject([{ status: isRetried ? 'RETRY' : 'FAILURE' }]);
    expect(fixture.worker.counts).toMatchObject({ failed: isRetried ? 0 : 1 });
  });
});

function raise(): never {
  throw new Error('a trap');
}
