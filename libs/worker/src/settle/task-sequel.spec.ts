import { OperationalError } from '@celeriac/amqp-transport';
import { float, parseJson, type Signature, type TaskEmbed } from '@celeriac/protocol';
import { until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WorkerFixture, type WorkerFixtureOptions } from '../testing/worker-fixture.ts';

const next: Signature = { task: 'next', options: { queue: 'later' } };
const oops: Signature = { task: 'oops', options: { queue: 'errors' } };

function step(id: string): Signature {
  return { task: `step-${id}`, options: { task_id: id, reply_to: 'replies', queue: 'later' } };
}

/** `work` is called with something to follow it. */
async function begin(embed: Partial<TaskEmbed>, options: WorkerFixtureOptions = {}): Promise<WorkerFixture> {
  const fixture = await new WorkerFixture(options).start();
  fixture.sendCall({ id: 'a', embed });
  await fixture.begun(1);
  return fixture;
}

/** What happened, in order: `published next`, `confirmed next`, `published result`, …, `acked`. */
function events({ transport }: WorkerFixture): string[] {
  return transport.journal.entries.flatMap((entry) => {
    if (!('message' in entry) || entry.event === 'delivered') return [];
    const { headers, properties, routingKey } = entry.message;
    if (routingKey.startsWith('celeriac.started.')) return []; // a start that is recorded
    const what =
      typeof headers['task'] === 'string' ? headers['task'] : `result ${String(properties.correlationId)}`;
    return [`${entry.event} ${what}`];
  });
}

function messagesIn(fixture: WorkerFixture, queue: string) {
  return fixture.transport.messagesIn(queue).map(({ headers, body }) => {
    const [args] = parseJson(body.toString()) as [unknown[]];
    return { task: headers['task'], id: headers['id'], args };
  });
}

async function settled(fixture: WorkerFixture): Promise<void> {
  await until(() => fixture.settled.length === 1);
}

describe('the end of a task that others follow', () => {
  let fixture: WorkerFixture;

  afterEach(() => fixture.worker.stop({ mode: 'cold' }));

  describe('a success', () => {
    it('is stored after its calls are confirmed, and acknowledged after that', async () => {
      fixture = await begin({ callbacks: [next] });
      fixture.run('a').finish(5);
      await settled(fixture);
      expect(events(fixture)).toEqual([
        'published next', // nobody has declared its queue
        'published next',
        'confirmed next',
        'published result a',
        'confirmed result a',
        'acked work',
      ]);
      expect(messagesIn(fixture, 'later')).toMatchObject([{ task: 'next', args: [5] }]);
      expect(fixture.worker.counts).toMatchObject({ received: 1, succeeded: 1, failed: 0 });
    });

    it('lists its calls as children', async () => {
      fixture = await begin({ chain: [step('2')] });
      fixture.run('a').finish(5);
      await settled(fixture);
      const [result] = fixture.transport.messagesIn('replies');
      expect(parseJson(result?.body.toString() ?? '')).toMatchObject({ children: [[['2', null], null]] });
    });

    it('waits for the confirm of its calls, also where nobody wants the result', async () => {
      fixture = await begin({ callbacks: [next] }, { settings: { taskIgnoreResult: true } });
      fixture.runs.length = 0;
      fixture.sendCall({ id: 'b', ignoreResult: true, embed: { callbacks: [next] } });
      await fixture.begun(1);
      fixture.transport.holdConfirms();
      fixture.run('b').finish(float(9));
      await until(() => messagesIn(fixture, 'later').length === 1);
      await nextTurn();
      expect(fixture.settled).toEqual([]);
      fixture.transport.releaseConfirms();
      await settled(fixture);
      expect([fixture.results, fixture.settled]).toEqual([[], ['acked b']]);
      expect(fixture.transport.messagesIn('later')[0]?.body.toString()).toMatch(/^\[\[9\.0\], /);
    });

    it('makes its calls when it was acknowledged early, too', async () => {
      fixture = await begin({ callbacks: [next] }, { settings: { taskAcksLate: false } });
      expect(fixture.settled).toEqual(['acked a']);
      fixture.run('a').finish(5);
      await until(() => fixture.results.length === 1);
      expect(messagesIn(fixture, 'later')).toHaveLength(1);
      expect(fixture.results).toMatchObject([{ id: 'a', status: 'SUCCESS' }]);
    });

    it('makes the same calls again when the acknowledgement is lost', async () => {
      fixture = await begin({ callbacks: [next], chain: [step('2')] });
      fixture.transport.refusePublishes(({ headers }) => {
        if (headers['task'] !== undefined) return undefined;
        fixture.transport.refusePublishes(undefined);
        fixture.transport.loseConnection(); // under the result, once the calls are confirmed
        return undefined;
      });
      fixture.run('a').finish(5);
      await fixture.begun(2);
      fixture.run('a').finish(5);
      await settled(fixture);
      const sent = messagesIn(fixture, 'later').map(({ task, id }) => `${String(task)} ${String(id)}`);
      expect(sent.length).toBe(4);
      expect(new Set(sent).size).toBe(2);
    });

    it('leaves its calls to the next run when the connection was lost while it ran', async () => {
      fixture = await begin({ callbacks: [next] });
      fixture.transport.disconnect();
      fixture.runs[0]?.finish(5);
      await nextTurn();
      fixture.transport.reconnect();
      await fixture.begun(2);
      expect(events(fixture)).toEqual([]);
      fixture.run('a').finish(5);
      await settled(fixture);
      expect(messagesIn(fixture, 'later')).toHaveLength(1);
    });
  });

  describe('a success that becomes a failure', () => {
    const chord: Signature = {
      task: 'celery.chord',
      subtask_type: 'chord',
      kwargs: { header: [], body: { task: 'sum', options: { task_id: 'sum', reply_to: 'replies' } } },
      options: { task_id: 'the-chord' },
    };

    it.each<[string, Partial<TaskEmbed>, unknown, object]>([
      [
        'its result cannot be written',
        { callbacks: [{ ...next, immutable: true }] },
        new Set(),
        { exc_type: 'EncodeError', exc_module: 'kombu.exceptions' },
      ],
      [
        'the next step is a chord',
        { chain: [chord] },
        5,
        { exc_type: 'NotImplementedError', exc_module: 'builtins' },
      ],
      [
        'an option of a callback cannot be what it is',
        { callbacks: [{ task: 'next', options: { priority: 'high' } }] },
        5,
        { exc_type: 'InvalidTaskError', exc_module: 'celery.exceptions' },
      ],
      [
        'a priority is out of range',
        { callbacks: [{ task: 'next', options: { priority: 300 } }] },
        5,
        { exc_type: 'EncodeError', exc_module: 'kombu.exceptions' },
      ],
    ])('makes no call but the errbacks when %s', async (_what, embed, value, exception) => {
      fixture = await begin({ ...embed, errbacks: [oops] });
      fixture.run('a').finish(value);
      await settled(fixture);
      expect(fixture.results[0]).toMatchObject({ id: 'a', status: 'FAILURE', result: exception });
      expect(messagesIn(fixture, 'later')).toEqual([]);
      expect(messagesIn(fixture, 'errors')).toMatchObject([{ task: 'oops', args: ['a'] }]);
      expect(fixture.worker.counts).toMatchObject({ succeeded: 0, failed: 1 });
      expect(fixture.logger.fieldsOf('task failed')).toMatchObject([{ taskId: 'a' }]);
    });

    it('tells whoever waits for the body of a chord that cannot be run', async () => {
      fixture = await begin({ chain: [chord] });
      fixture.run('a').finish(5);
      await settled(fixture);
      expect(fixture.results.map(({ status, ...rest }) => ({ status, ...rest }))).toMatchObject([
        { id: 'a', status: 'FAILURE' },
        { id: 'sum', status: 'FAILURE' },
      ]);
    });

    it.each(['ERR_PUBLISH_REFUSED', 'ERR_PUBLISH_TOO_LARGE'] as const)(
      'tells the caller and the later steps when the broker answers a call with %s',
      async (code) => {
        fixture = await begin({ chain: [step('3'), step('2')] });
        fixture.transport.refusePublishes(({ headers }) =>
          headers['task'] === undefined ? undefined : new OperationalError(code, 'not taken'),
        );
        fixture.run('a').finish(5);
        await settled(fixture);
        const result = {
          exc_type: 'OperationalError',
          exc_message: ['step-2 could not be called: not taken'],
        };
        expect(fixture.results).toMatchObject([
          { id: 'a', status: 'FAILURE', result },
          { id: '3', status: 'FAILURE', result },
          { id: '2', status: 'FAILURE', result },
        ]);
        expect(fixture.settled).toEqual(['acked a']);
      },
    );
  });

  describe('a failure', () => {
    it('is stored, then for the later steps, before the errbacks are called and it is acknowledged', async () => {
      fixture = await begin({ errbacks: [oops], callbacks: [next], chain: [step('3'), step('2')] });
      fixture.run('a').fail(new RangeError('bad'));
      await settled(fixture);
      expect(events(fixture)).toEqual([
        'published result a',
        'confirmed result a',
        'published result 3',
        'confirmed result 3',
        'published result 2',
        'confirmed result 2',
        'published oops', // nobody has declared its queue
        'published oops',
        'confirmed oops',
        'acked work',
      ]);
      expect(messagesIn(fixture, 'errors')).toMatchObject([{ args: ['a'] }]);
      expect(messagesIn(fixture, 'later')).toEqual([]);
      const [own, third] = fixture.transport
        .messagesIn('replies')
        .map(({ body }) => parseJson(body.toString()));
      expect(third).toEqual({ ...(own as object), task_id: '3' });
    });

    it('calls the errbacks and tells nobody where errors are not stored', async () => {
      fixture = await begin({ errbacks: [oops] });
      fixture.sendCall({ id: 'b', ignoreResult: true, embed: { errbacks: [oops], chain: [step('2')] } });
      await fixture.begun(2);
      fixture.run('b').fail(new Error('bad'));
      await settled(fixture);
      expect([fixture.results, messagesIn(fixture, 'errors').length]).toEqual([[], 1]);
    });

    it('is acknowledged although an errback cannot be called, which is logged', async () => {
      fixture = await begin({
        errbacks: [{ task: 'oops', options: { exchange: 'gone', routing_key: 'k' } }],
      });
      fixture.run('a').fail(new Error('bad'));
      await settled(fixture);
      expect(fixture.results).toMatchObject([
        { id: 'a', status: 'FAILURE', result: { exc_message: ['bad'] } },
      ]);
      expect(fixture.logger.fieldsOf('errbacks not called')).toMatchObject([
        { taskId: 'a', reason: expect.stringMatching(/^oops could not be called: /) as string },
      ]);
    });

    it('is acknowledged although its embed cannot be followed, which is logged', async () => {
      const broken = { task: 'x', options: { task_id: 5, queue: 5 } };
      fixture = await begin({ errbacks: [broken], chain: [broken] });
      fixture.run('a').fail(new Error('bad'));
      await settled(fixture);
      expect(fixture.logger.fieldsOf('later steps not failed')).toMatchObject([{ taskId: 'a' }]);
      expect(fixture.logger.fieldsOf('errbacks not called')).toMatchObject([{ taskId: 'a' }]);
    });

    it('is rejected after its errbacks where failures are not acknowledged', async () => {
      fixture = await begin({ errbacks: [oops] }, { settings: { taskAcksOnFailureOrTimeout: false } });
      fixture.run('a').fail(new Error('bad'));
      await settled(fixture);
      expect([fixture.settled, messagesIn(fixture, 'errors').length]).toEqual([['rejected a'], 1]);
    });
  });

  describe('when the worker stops', () => {
    it('waits for the confirms of calls, then stores and acknowledges', async () => {
      fixture = await begin({ callbacks: [next] });
      fixture.transport.holdConfirms();
      fixture.run('a').finish(5);
      await until(() => messagesIn(fixture, 'later').length === 1);
      const stopping = fixture.worker.stop();
      await nextTurn();
      expect(fixture.worker.state).toBe('closing');
      fixture.transport.releaseConfirms();
      await stopping;
      expect(events(fixture).slice(-4)).toEqual([
        'confirmed next',
        'published result a',
        'confirmed result a',
        'acked work',
      ]);
    });

    it('leaves a task at the broker whose calls are not confirmed in time', async () => {
      fixture = await begin({ callbacks: [next] });
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
      try {
        fixture.transport.holdConfirms();
        fixture.run('a').finish(5);
        await until(() => messagesIn(fixture, 'later').length === 1);
        let isStopped = false;
        const stopping = fixture.worker.stop().then(() => (isStopped = true));
        await until(() => {
          jest.advanceTimersByTime(100);
          return isStopped;
        });
        await stopping;
      } finally {
        jest.useRealTimers();
      }
      expect([fixture.settled, fixture.results, fixture.waiting]).toEqual([[], [], ['a']]);
      expect(fixture.logger.fieldsOf('follow-ups not confirmed')).toMatchObject([
        { taskId: 'a', isAcknowledged: false },
      ]);
    });
  });
});
