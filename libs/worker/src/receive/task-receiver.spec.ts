import { RecordingLogger } from '@celeriac/testing';
import fc from 'fast-check';
import { ActiveRuns } from '../run/active-runs.ts';
import { DelayedDelivery } from './delayed-delivery.ts';
import type { ReceivedTask } from './received-task.ts';
import { RevokedTasks } from '../revoke/revoked-tasks.ts';
import { ServedTasks } from './served-tasks.ts';
import { TaskAdmission } from './task-admission.ts';
import { TaskPool } from '../run/task-pool.ts';
import { TaskReceiver } from './task-receiver.ts';
import { FakeDelivery, type FakeDeliveryFields } from '../testing/fake-delivery.ts';
import { deliveryOfCall, holderOf, registryOf } from '../testing/received-task.ts';
import { unlimitedWaiting } from '../testing/unlimited-waiting.ts';
import { outcomesFixture } from '../testing/outcomes.ts';
import { WaitingTasks } from './waiting-tasks.ts';
import { etaTaskLimit, resolveWorkerSettings } from '../worker-settings.ts';

const now = Date.parse('2026-11-22T10:00:00Z');
const headers = { task: 'work', id: 'an-id' };
const properties = { contentType: 'application/json', replyTo: 'replies' };
const goodBody = '[[], {}, {}]';

function at(offsetMs: number): Date {
  return new Date(now + offsetMs);
}

function raw(body: string | Buffer, fields: FakeDeliveryFields = {}): FakeDelivery {
  return new FakeDelivery({ headers, properties, body: Buffer.from(body), ...fields });
}

/** A receiver whose pool only remembers what it was given. */
function receiverAt(clock = { now: () => now }) {
  const logger = new RecordingLogger();
  const ran: string[] = [];
  const pool = new TaskPool<ReceivedTask>(1, ({ opened }) => void ran.push(opened.id));
  const { outcomes, publisher, signals, store } = outcomesFixture({ clock, logger });
  const settings = resolveWorkerSettings();
  const tasks = new ServedTasks(registryOf(holderOf(() => undefined)), settings, {
    areResultsEncoded: false,
  });
  const admission = new TaskAdmission(new RevokedTasks(), clock);
  const waiting = new WaitingTasks({
    tasks,
    pool,
    delayed: new DelayedDelivery({ publisher, queueType: 'quorum', clock, logger }),
    admission,
    outcomes,
    clock,
    logger,
    bytes: unlimitedWaiting(),
    etaTaskLimit: etaTaskLimit(settings),
    consumerTimeoutMs: settings.consumerTimeoutMs,
  });
  const receiver = new TaskReceiver({
    tasks,
    waiting,
    active: new ActiveRuns(),
    admission,
    suspects: undefined,
    outcomes,
    signals,
    clock,
    logger,
    acceptContent: ['json'],
    maxBodyBytes: 1_000_000,
    maxBodyValues: 100_000,
  });
  return { receiver, store, logger, ran, waiting, outcomes };
}

describe('TaskReceiver', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('hands a good task to the pool and leaves its delivery to the outcome', () => {
    const { receiver, ran, store } = receiverAt();
    const delivery = deliveryOfCall();
    receiver.receive(delivery);
    expect([ran, store.results, delivery.isSettled]).toEqual([['an-id'], [], false]);
  });

  describe('messages that are rejected, and nobody is told [WORKER-REFUSE]', () => {
    it.each<[string, FakeDelivery]>([
      ['headers that could not be read', raw(goodBody, { damage: new Error('unknown field type') })],
      ['neither protocol', raw('{"foo": 1}', { headers: {} })],
      ['a protocol 1 body that cannot be decoded', raw('{not json', { headers: {} })],
      ['a protocol 2 body that cannot be decoded', raw('{not json')],
      ['corrupt compression', raw(goodBody, { headers: { ...headers, compression: 'application/x-gzip' } })],
      ['unknown compression', raw(goodBody, { headers: { ...headers, compression: 'application/nope' } })],
      ['a typed value of an unknown type', raw('[[{"__type__": "nope", "__value__": 1}], {}, {}]')],
      ['pickle', raw('\x80\x02]', { properties: { contentType: 'application/x-python-serialize' } })],
      ['plain text', raw(goodBody, { properties: { contentType: 'text/plain' } })],
      ['no content type', raw(goodBody, { properties: {} })],
      ['an eta that is no date', raw(goodBody, { headers: { ...headers, eta: 'not a date' } })],
      ['an expires that is no date', raw(goodBody, { headers: { ...headers, expires: 'nope' } })],
      ['no id', raw(goodBody, { headers: { task: 'work' } })],
      ['a body that is no triple', raw('[[1, 2]]')],
      ['an embed that is no object', raw('[[], {}, 7]')],
    ])('%s', (_what, delivery) => {
      const { receiver, store, ran, logger } = receiverAt();
      receiver.receive(delivery);
      expect([delivery.settlement, store.results, ran]).toEqual(['reject', [], []]);
      expect(logger.lines).toMatchObject([{ level: 'error', fields: { queue: 'shop' } }]);
      expect(logger.lines[0]?.fields['reason']).toMatch(/\w{3}/);
    });
  });

  it('tells the caller of kwargs that are no mapping, then rejects', () => {
    const { receiver, store } = receiverAt();
    const delivery = raw('[[1, 2], [], {}]');
    receiver.receive(delivery);
    expect(store.states).toMatchObject([
      {
        target: { replyTo: 'replies' },
        result: {
          taskId: 'an-id',
          status: 'FAILURE',
          result: { exc_type: 'InvalidTaskError', exc_module: 'celery.exceptions' },
          traceback: null,
        },
      },
    ]);
    expect(delivery.settlement).toBeUndefined();
    store.confirmAll();
    expect(delivery.settlement).toBe('reject');
  });

  it('tells the caller of a task that is not registered, without reading its body, then rejects', () => {
    const { receiver, store, logger, outcomes } = receiverAt();
    const delivery = raw('{not json', { headers: { task: 'no.such.task', id: 'an-id' } });
    receiver.receive(delivery);
    expect(store.results).toMatchObject([
      {
        status: 'FAILURE',
        result: { exc_type: 'NotRegistered', exc_message: ['no.such.task'], exc_module: 'celery.exceptions' },
        traceback: null,
      },
    ]);
    store.confirmAll();
    expect([delivery.settlement, outcomes.counts.refused]).toEqual(['reject', 1]);
    expect(logger.lines).toMatchObject([
      { level: 'error', fields: { task: 'no.such.task', registered: ['work'] } },
    ]);
  });

  it.each(['constructor', '__proto__', 'toString'])('takes the name %s for no task', (task) => {
    const { receiver, store } = receiverAt();
    receiver.receive(
      raw(goodBody, {
        headers: Object.fromEntries([
          ['task', task],
          ['id', 'an-id'],
        ]),
      }),
    );
    expect(store.results).toMatchObject([{ result: { exc_type: 'NotRegistered' } }]);
  });

  describe('eta and expires', () => {
    it.each<[string, { eta?: Date; expires?: Date }]>([
      ['an eta that has passed', { eta: at(-1) }],
      ['an eta of now', { eta: at(0) }],
      ['an expiry of now', { expires: at(0) }],
      ['an expiry ahead', { expires: at(1) }],
    ])('runs a task with %s at once', (_what, times) => {
      const { receiver, ran, waiting } = receiverAt();
      receiver.receive(deliveryOfCall(times));
      expect([ran, waiting.size]).toEqual([['an-id'], 0]);
    });

    it('revokes a task that has expired, before it runs', () => {
      const { receiver, ran, store, outcomes } = receiverAt();
      const delivery = deliveryOfCall({ expires: at(-1) });
      receiver.receive(delivery);
      expect(ran).toEqual([]);
      expect(store.results).toMatchObject([{ status: 'REVOKED', result: { exc_type: 'TaskRevokedError' } }]);
      store.confirmAll();
      expect([delivery.settlement, outcomes.counts.revoked]).toEqual(['ack', 1]);
    });

    it('holds a task until its eta, unsettled', () => {
      const { receiver, ran, waiting } = receiverAt({ now: Date.now });
      const delivery = deliveryOfCall({ eta: at(5000) });
      receiver.receive(delivery);
      jest.advanceTimersByTime(4999);
      expect([ran, waiting.size, delivery.isSettled]).toEqual([[], 1, false]);
      jest.advanceTimersByTime(1);
      expect([ran, waiting.size]).toEqual([['an-id'], 0]);
    });

    it('looks at the expiry again when the eta has come', () => {
      const { receiver, ran, store } = receiverAt({ now: Date.now });
      receiver.receive(deliveryOfCall({ eta: at(5000), expires: at(4000) }));
      expect(store.results).toEqual([]);
      jest.advanceTimersByTime(5000);
      expect([ran, store.results.map(({ status }) => status)]).toEqual([[], ['REVOKED']]);
    });
  });

  it('settles or schedules whatever comes exactly once, and never throws', () => {
    const field = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.jsonValue());
    const deliveries = fc.record({
      headers: fc.record(
        {
          task: fc.oneof(fc.constant('work'), field),
          id: field,
          eta: field,
          expires: field,
          compression: field,
        },
        { requiredKeys: [] },
      ),
      body: fc.oneof(
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.json().map((text) => Buffer.from(text)),
        fc.json().map((text) => Buffer.from(`[[], {}, ${text}]`)),
      ),
      properties: fc.record({
        contentType: fc.constantFrom('application/json', 'application/json', 'text/plain', undefined),
        replyTo: fc.constantFrom('', 'replies', undefined),
      }),
    });
    fc.assert(
      fc.property(deliveries, (fields) => {
        const { receiver, ran, store, waiting } = receiverAt();
        const delivery = new FakeDelivery(fields);
        receiver.receive(delivery);
        store.confirmAll();
        expect(Number(delivery.isSettled) + ran.length + waiting.size).toBe(1);
        waiting.close();
      }),
      { numRuns: 1000 },
    );
  });
});
