/** What a worker of quorum queues does with messages that the broker has delayed, as recorded: SPEC.md §16. */
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { parseJson, type TaskQueue } from '@celeriac/protocol';
import { RpcResultStore } from '@celeriac/result-backend';
import { deliveryOf, loadVectors, until, type RecordedAction } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { recordedTasks } from './testing/recorded-tasks.ts';
import { Worker } from './worker.ts';

const { cases } = loadVectors('quorum-native-delay');
const qq: TaskQueue = { name: 'qq', exchange: 'qqx', exchangeType: 'topic', queueType: 'quorum' };
const qd: TaskQueue = { name: 'qd', queueType: 'quorum' };

type Step = RecordedAction & { readonly headers?: Readonly<Record<string, unknown>> | null };

function stepsOf(name: string): readonly Step[] {
  const trace = cases.find((one) => one.name === name)?.trace;
  if (trace === undefined || trace.length === 0) throw new Error(`no recording of ${name}`);
  return trace;
}

function stepOf(name: string, isWanted: (step: Step) => boolean): Step {
  const step = stepsOf(name).find(isWanted);
  if (step === undefined) throw new Error(`${name} has no such step`);
  return step;
}

/** The message of a case as it reached the recorded worker. */
function arrivalOf(name: string) {
  const call = stepOf(name, ({ action, by }) => action === 'publish' && by === 'client');
  const arrival = stepOf(name, ({ action }) => action === 'basic.deliver');
  const { exchange = '', routing_key: routingKey = '' } = arrival;
  const { properties, body, headers } = deliveryOf(call);
  return { exchange, routingKey, properties, body, headers: { ...headers, ...arrival.headers } };
}

/** The result that the recorded worker sent, without its date. */
function resultOf(name: string): unknown {
  const { body_text: text = '' } = stepOf(
    name,
    ({ action, by, exchange }) => action === 'publish' && by === 'worker' && exchange === '',
  );
  return { ...(parseJson(text) as object), date_done: '<date>' };
}

describe('a worker of quorum queues', () => {
  let transport: InMemoryTransport;
  let worker: Worker;

  async function startFor(queue: TaskQueue): Promise<void> {
    transport = new InMemoryTransport();
    worker = new Worker({
      transport,
      store: new RpcResultStore({ transport }),
      holders: [recordedTasks],
      queues: [queue],
      nodeName: 'wqq@vec',
    });
    await worker.start();
  }

  function results(): unknown[] {
    return transport.published.map(({ body }) => ({
      ...(parseJson(body.toString()) as object),
      date_done: '<date>',
    }));
  }

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
  });

  afterEach(async () => {
    await worker.stop({ mode: 'cold' });
    jest.useRealTimers();
  });

  it('runs what comes through a topic exchange: quorum_simple', async () => {
    await startFor(qq);
    transport.broker.route(arrivalOf('quorum_simple'));
    await until(() => transport.journal.of('acked').length === 1);
    expect(results()).toEqual([resultOf('quorum_simple')]);
  });

  it.each<[string, TaskQueue]>([
    ['quorum_countdown_5', qq],
    ['quorum_direct_countdown', qd],
  ])('honours what is left of the eta: %s', async (name, queue) => {
    const arrival = arrivalOf(name);
    const eta = Date.parse(String(arrival.headers['eta']));
    jest.setSystemTime(eta - 400);
    await startFor(queue);
    expect(transport.broker.route(arrival)).toBe(1);
    await until(() => transport.journal.of('delivered').length === 1);
    jest.advanceTimersByTime(399);
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    expect([transport.published, transport.journal.of('acked')]).toEqual([[], []]);
    jest.advanceTimersByTime(1);
    await until(() => transport.journal.of('acked').length === 1);
    expect(results()).toEqual([resultOf(name)]);
  });

  it('sends the retry of a delayed message to its queue, by a key without the prefix that Celery lets grow', async () => {
    const arrival = arrivalOf('quorum_countdown_5');
    expect(arrival.routingKey).toMatch(/^([01]\.){28}qq$/);
    const headers = { ...arrival.headers, task: 'tasks.retry_noexc', eta: null, 'x-death': [{ count: 1 }] };
    await startFor(qq);
    transport.broker.route({ ...arrival, headers, body: Buffer.from('[[], {}, {}]') });
    await until(() => transport.published.some((message) => message.headers['retries'] === 1));
    const retry = transport.published.find((message) => message.headers['retries'] === 1);
    expect([retry?.exchange, retry?.routingKey]).toEqual(['', 'qq']);
    expect(retry?.headers).not.toHaveProperty('x-death');
    await until(() => {
      jest.advanceTimersByTime(100); // it waits a second for its next run
      return transport.journal.of('acked').length === 2;
    });
    expect(results().slice(1)).toMatchObject([{ status: 'RETRY' }, { status: 'SUCCESS', result: 'done' }]);
  });
});
