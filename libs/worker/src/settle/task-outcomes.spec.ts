import { PythonError } from '@celeriac/protocol';
import { RecordingLogger } from '@celeriac/testing';
import { noTaskCounts } from './task-counts.ts';
import type { TaskOutcomes } from './task-outcomes.ts';
import { outcomesFixture } from '../testing/outcomes.ts';
import { receivedTask, registeredTask } from '../testing/received-task.ts';
import type { Settlement } from '../testing/fake-delivery.ts';
import type { WorkerSettings } from '../worker-settings.ts';

const now = Date.parse('2026-11-22T10:24:12.805Z');
const task = registeredTask(() => undefined);

function outcomesWith(settings: Partial<WorkerSettings> = {}) {
  const logger = new RecordingLogger();
  const { outcomes, store } = outcomesFixture({ clock: { now: () => now }, logger });
  const received = (call: Parameters<typeof receivedTask>[1] = {}) => receivedTask(task, call, { settings });
  return { outcomes, store, logger, received };
}

type Outcome = 'success' | 'failure' | 'expired';

/** Plays a task from its start, as TaskRunner does. */
function play(outcomes: TaskOutcomes, outcome: Outcome, received: ReturnType<typeof receivedTask>): void {
  if (outcome === 'expired') {
    outcomes.revoked(received, 'expired');
    return;
  }
  outcomes.started(received, process.pid);
  if (outcome === 'success') outcomes.succeeded(received, 5);
  else outcomes.failed(received, new PythonError('ValueError', ['bad']));
}

function fail(): never {
  throw new Error('not to be had');
}

describe('TaskOutcomes', () => {
  describe('acknowledges late', () => {
    it.each<[Outcome, string, boolean, Settlement]>([
      ['success', 'SUCCESS', true, 'ack'],
      ['success', 'SUCCESS', false, 'ack'],
      ['failure', 'FAILURE', true, 'ack'],
      ['failure', 'FAILURE', false, 'reject'],
      ['expired', 'REVOKED', true, 'ack'],
      ['expired', 'REVOKED', false, 'ack'],
    ])(
      '%s: stores %s, then (acks on failure: %s) settles with %s',
      (outcome, status, acksOnFailure, expected) => {
        const {
          outcomes,
          store,
          received: receive,
        } = outcomesWith({ taskAcksOnFailureOrTimeout: acksOnFailure });
        const received = receive();
        play(outcomes, outcome, received);
        expect(store.results.map((result) => result.status)).toEqual([status]);
        expect(received.delivery.settlement).toBeUndefined(); // the broker has not confirmed the result
        store.confirmAll();
        expect(received.delivery.settlement).toBe(expected);
      },
    );
  });

  describe('acknowledges early', () => {
    it.each<[Outcome, string, boolean]>([
      ['success', 'SUCCESS', true],
      ['success', 'SUCCESS', false],
      ['failure', 'FAILURE', true],
      ['failure', 'FAILURE', false],
    ])('%s: acknowledges first, then stores %s (acks on failure: %s)', (outcome, status, acksOnFailure) => {
      const {
        outcomes,
        store,
        received: receive,
      } = outcomesWith({
        taskAcksLate: false,
        taskAcksOnFailureOrTimeout: acksOnFailure,
      });
      const received = receive();
      outcomes.started(received, process.pid);
      expect([received.delivery.settlement, store.results]).toEqual(['ack', []]);
      if (outcome === 'success') outcomes.succeeded(received, 5);
      else outcomes.failed(received, new Error('bad'));
      store.confirmAll();
      expect(store.results.map((result) => result.status)).toEqual([status]);
      expect(received.delivery.settlement).toBe('ack');
    });

    it('expired: acknowledges after the state, as nothing was started', () => {
      const { outcomes, store, received: receive } = outcomesWith({ taskAcksLate: false });
      const received = receive();
      outcomes.revoked(received, 'expired');
      expect(received.delivery.settlement).toBeUndefined();
      store.confirmAll();
      expect(received.delivery.settlement).toBe('ack');
    });
  });

  describe('stores what belongs to a state', () => {
    it('of a success', () => {
      const { outcomes, store, received: receive } = outcomesWith();
      outcomes.succeeded(receive({ group: 'a-group', parentId: 'a-parent' }), { total: 5 });
      expect(store.states[0]?.target).toMatchObject({ replyTo: 'replies', correlationId: 'an-id' });
      expect(store.results).toEqual([
        {
          taskId: 'an-id',
          status: 'SUCCESS',
          result: { total: 5 },
          traceback: null,
          children: [],
          dateDone: new Date(now),
          groupId: 'a-group',
          parentId: 'a-parent',
        },
      ]);
    });

    it('of a failure', () => {
      const { outcomes, store, received: receive } = outcomesWith();
      const error = new TypeError('not a number');
      outcomes.failed(receive(), error);
      const result = { exc_type: 'TypeError', exc_message: ['not a number'], exc_module: 'builtins' };
      expect(store.results).toMatchObject([{ status: 'FAILURE', result, traceback: error.stack }]);
    });

    it('of a task that expired', () => {
      const { outcomes, store, received: receive } = outcomesWith();
      outcomes.revoked(receive(), 'expired');
      const result = {
        exc_type: 'TaskRevokedError',
        exc_message: ['expired'],
        exc_module: 'celery.exceptions',
      };
      expect(store.results).toMatchObject([{ status: 'REVOKED', result, traceback: null, children: [] }]);
    });
  });

  describe('track_started', () => {
    it('stores STARTED with the process and the node, without a date', () => {
      const { outcomes, store, received: receive } = outcomesWith({ taskTrackStarted: true });
      outcomes.started(receive(), process.pid);
      const result = { pid: process.pid, hostname: 'w1@host' };
      expect(store.results).toMatchObject([{ status: 'STARTED', result, dateDone: null }]);
    });

    it('stores nothing by default, nor for an ignored task', () => {
      const byDefault = outcomesWith();
      byDefault.outcomes.started(byDefault.received(), process.pid);
      const ignored = outcomesWith({ taskTrackStarted: true });
      ignored.outcomes.started(ignored.received({ ignoreResult: true }), process.pid);
      expect([byDefault.store.results, ignored.store.results]).toEqual([[], []]);
    });

    it('lets the task run on when STARTED cannot be stored', () => {
      const { outcomes, store, logger, received: receive } = outcomesWith({ taskTrackStarted: true });
      const received = receive();
      outcomes.started(received, process.pid);
      store.states[0]?.fail('ERR_PUBLISH_REFUSED');
      expect(logger.fieldsOf('state not stored')).toMatchObject([{ taskId: 'an-id' }]);
      expect(received.delivery.settlement).toBeUndefined();
    });
  });

  describe('ignore_result', () => {
    // header, setting → ignored; the header decides where there is one [WORKER-IGNORE-RESULT]
    it.each<[boolean | undefined, boolean, boolean]>([
      [true, false, true],
      [true, true, true],
      [false, true, false],
      [false, false, false],
      [undefined, true, true],
      [undefined, false, false],
    ])('header %s, setting %s: ignored is %s', (header, taskIgnoreResult, isIgnored) => {
      for (const outcome of ['success', 'failure', 'expired'] as const) {
        const { outcomes, store, received: receive } = outcomesWith({ taskIgnoreResult });
        const received = receive();
        // a message without the header, as other clients may send, has no opinion
        Object.assign(received, { request: { ...received.request, ignoreResult: header } });
        play(outcomes, outcome, received);
        expect(store.states).toHaveLength(isIgnored ? 0 : 1);
        store.confirmAll();
        expect(received.delivery.settlement).toBe('ack');
      }
    });

    it.each<[Outcome, boolean, string[]]>([
      ['success', true, []],
      ['failure', true, ['FAILURE']],
      ['expired', true, ['REVOKED']],
      ['failure', false, []],
      ['expired', false, []],
    ])(
      '%s of an ignored task, store_errors_even_if_ignored %s: stores %j',
      (outcome, evenIfIgnored, stored) => {
        const {
          outcomes,
          store,
          received: receive,
        } = outcomesWith({ taskStoreErrorsEvenIfIgnored: evenIfIgnored });
        const received = receive({ ignoreResult: true });
        play(outcomes, outcome, received);
        store.confirmAll();
        expect(store.results.map(({ status }) => status)).toEqual(stored);
        expect(received.delivery.settlement).toBe('ack');
      },
    );

    it('rejects the failure of an ignored task where failures are not acknowledged', () => {
      const { outcomes, received: receive } = outcomesWith({ taskAcksOnFailureOrTimeout: false });
      const received = receive({ ignoreResult: true });
      play(outcomes, 'failure', received);
      expect(received.delivery.settlement).toBe('reject');
    });
  });

  describe('a result that cannot be written', () => {
    it.each<[string, unknown, RegExp]>([
      ['a set', new Set([1]), /is a Set/],
      ['a function', { callback: () => 1 }, /value\.callback is a function/],
      ['an object whose toJSON throws', { toJSON: () => { throw new Error('no form'); } }, /no form/], // prettier-ignore
    ])('fails the task as kombu’s EncodeError: %s', (_what, value, message) => {
      const { outcomes, store, received: receive } = outcomesWith();
      const received = receive();
      outcomes.succeeded(received, value);
      expect(store.results).toMatchObject([
        {
          status: 'FAILURE',
          result: {
            exc_type: 'EncodeError',
            exc_message: [expect.stringMatching(message)],
            exc_module: 'kombu.exceptions',
          },
        },
      ]);
      store.confirmAll();
      expect(received.delivery.settlement).toBe('ack');
      expect(outcomes.counts).toEqual({ ...noTaskCounts(), failed: 1 });
    });

    it('is no failure where nobody wants the result', () => {
      const { outcomes, store, received: receive } = outcomesWith();
      const received = receive({ ignoreResult: true });
      outcomes.succeeded(received, new Set([1]));
      expect([store.results, received.delivery.settlement]).toEqual([[], 'ack']);
    });
  });

  describe('an error that cannot be told as it is', () => {
    const unreadable = 'what was thrown cannot be read: not to be had';

    it.each<[string, object, object]>([
      [
        'a message whose getter throws',
        { message: { get: fail } },
        { exc_type: 'Exception', exc_message: [unreadable] },
      ],
      [
        'a name whose getter throws',
        { name: { get: fail } },
        { exc_type: 'Exception', exc_message: [unreadable] },
      ],
      [
        'a stack whose getter throws',
        { stack: { get: fail } },
        { exc_type: 'Exception', exc_message: [unreadable] },
      ],
      [
        'a stack that is no text',
        { stack: { value: Symbol('s') } },
        { exc_type: 'Exception', exc_message: ['bad'] },
      ],
      ['a message that is no text', { message: { value: [1n] } }, { exc_type: 'Exception' }],
    ])('fails the task all the same: %s', (_what, damage, expected) => {
      const { outcomes, store, received: receive } = outcomesWith();
      const received = receive();
      outcomes.failed(received, Object.defineProperties(new Error('bad'), damage as PropertyDescriptorMap));
      expect(store.results).toMatchObject([{ status: 'FAILURE', result: expected }]);
      store.confirmAll();
      expect(received.delivery.settlement).toBe('ack');
    });
  });

  describe('a result that the broker does not take', () => {
    it('is told to the caller as a FAILURE when it never will', () => {
      const { outcomes, store, logger, received: receive } = outcomesWith();
      const received = receive();
      outcomes.succeeded(received, 'much too large');
      store.states[0]?.fail('ERR_PUBLISH_TOO_LARGE');
      expect(received.delivery.settlement).toBeUndefined();
      expect(store.results[1]).toMatchObject({
        taskId: 'an-id',
        status: 'FAILURE',
        result: {
          exc_type: 'EncodeError',
          exc_message: ['the broker said ERR_PUBLISH_TOO_LARGE'],
          exc_module: 'kombu.exceptions',
        },
      });
      expect(logger.fieldsOf('result not stored')).toMatchObject([{ taskId: 'an-id', status: 'SUCCESS' }]);
      store.states[1]?.confirm();
      expect(received.delivery.settlement).toBe('ack');
    });

    it('rejects the delivery when the FAILURE is not taken either', () => {
      const { outcomes, store, received: receive } = outcomesWith();
      const received = receive();
      outcomes.succeeded(received, 5);
      store.states[0]?.fail('ERR_PUBLISH_REFUSED');
      store.states[1]?.fail('ERR_PUBLISH_REFUSED');
      expect([store.states.length, received.delivery.settlement]).toEqual([2, 'reject']);
    });

    it('rejects the delivery of a failure that is not taken', () => {
      const { outcomes, store, received: receive } = outcomesWith();
      const received = receive();
      outcomes.failed(received, new Error('bad'));
      store.states[0]?.fail('ERR_PUBLISH_REFUSED');
      expect([store.states.length, received.delivery.settlement]).toEqual([1, 'reject']);
    });

    it.each(['ERR_CONNECTION_CLOSED', 'ERR_PUBLISH_TIMEOUT'] as const)(
      'leaves the delivery unsettled after %s: the broker gives the task out again',
      (code) => {
        const { outcomes, store, received: receive } = outcomesWith();
        const received = receive();
        outcomes.succeeded(received, 5);
        store.states[0]?.fail(code);
        expect([store.states.length, received.delivery.isSettled]).toEqual([1, false]);
      },
    );

    it('settles nothing twice when it was acknowledged early', () => {
      const { outcomes, store, received: receive } = outcomesWith({ taskAcksLate: false });
      const received = receive();
      play(outcomes, 'failure', received);
      store.states[0]?.fail('ERR_PUBLISH_REFUSED');
      expect(received.delivery.settlement).toBe('ack');
    });
  });

  it('tells the caller of a refused task, then rejects the message', () => {
    const { outcomes, store, received: receive } = outcomesWith();
    const { delivery, opened } = receive();
    outcomes.refused(
      delivery,
      opened,
      new PythonError('NotRegistered', ['work'], { excModule: 'celery.exceptions' }),
    );
    expect(store.results).toEqual([
      {
        taskId: 'an-id',
        status: 'FAILURE',
        result: { exc_type: 'NotRegistered', exc_message: ['work'], exc_module: 'celery.exceptions' },
        traceback: null,
        children: [],
        dateDone: new Date(now),
      },
    ]);
    expect(delivery.settlement).toBeUndefined();
    store.confirmAll();
    expect(delivery.settlement).toBe('reject');
  });

  it('counts how tasks ended', () => {
    const { outcomes, received: receive } = outcomesWith();
    for (const outcome of ['success', 'success', 'failure', 'expired'] as const)
      play(outcomes, outcome, receive());
    const { delivery, opened } = receive();
    outcomes.refused(delivery, opened, new PythonError('NotRegistered'));
    expect(outcomes.counts).toEqual({
      ...noTaskCounts(),
      succeeded: 2,
      failed: 1,
      revoked: 1,
      refused: 1,
    });
  });
});
