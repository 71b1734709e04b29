import { OperationalError } from '@celeriac/amqp-transport';
import { parseJson, type Signature, type TaskEmbed } from '@celeriac/protocol';
import { until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WorkerFixture } from '../testing/worker-fixture.ts';
import type { WorkerSettings } from '../worker-settings.ts';
import { isSmall, slicesOf } from './follow-up-slices.ts';

function member(index: number, options: object = {}): Signature {
  return { task: 'next', args: [index], options: { queue: 'later', ...options } };
}

function groupOf(count: number, options: (index: number) => object = () => ({})): Signature {
  const tasks = Array.from({ length: count }, (_, index) => member(index, options(index)));
  return { task: 'celery.group', subtask_type: 'group', kwargs: { tasks }, options: {} };
}

describe('isSmall', () => {
  it.each([
    [1, 100_000_000, true],
    [64, 1_048_576, true],
    [65, 100, false],
    [2, 1_048_577, false],
  ])('of %d calls with %d bytes is %s', (calls, bytes, expected) => {
    expect(isSmall({ calls, bytes, tasks: 0 })).toBe(expected);
  });
});

describe('slicesOf', () => {
  function* calls(count: number): Generator<never, string, undefined> {
    for (let index = 0; index < count; index++) yield undefined as never;
    return 'end';
  }

  it.each<[number, number, number[]]>([
    [0, 1, []],
    [64, 1, [64]],
    [130, 1, [64, 64, 2]],
    [5, 600_000, [2, 2, 1]],
    [3, 2_000_000, [1, 1, 1]],
  ])('of %d calls with %d bytes each', (count, bytes, sizes) => {
    const body = Buffer.alloc(bytes);
    const slices = slicesOf(calls(count), () => ({ message: { body } }));
    const found: number[] = [];
    let next = slices.next();
    for (; next.done !== true; next = slices.next()) found.push(next.value.length);
    expect([found, next.value]).toEqual([sizes, 'end']);
  });
});

describe('many calls that follow a task', () => {
  let fixture: WorkerFixture;

  afterEach(() => fixture.worker.stop({ mode: 'cold' }));

  async function begin(embed: Partial<TaskEmbed>, settings: Partial<WorkerSettings> = {}): Promise<void> {
    fixture = await new WorkerFixture({ settings }).start();
    const queue = { name: 'later', durable: true, exclusive: false, autoDelete: false };
    await fixture.transport.declare({ exchanges: [], queues: [queue], bindings: [] });
    fixture.sendCall({ id: 'a', embed });
    await fixture.begun(1);
  }

  async function settled(): Promise<void> {
    await until(() => fixture.settled.length === 1);
  }

  /** Arguments of the calls at the broker. */
  function sent(): unknown[] {
    return fixture.transport
      .messagesIn('later')
      .map(({ body }) => (parseJson(body.toString()) as unknown[])[0]);
  }

  it('are sent in slices of 64, of which two wait for confirms at a time', async () => {
    await begin({ callbacks: [groupOf(250)] });
    fixture.transport.holdConfirms();
    fixture.run('a').finish(5);
    await until(() => sent().length === 128);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(sent()).toHaveLength(128);
    fixture.transport.releaseConfirms();
    await settled();
    expect(sent()).toEqual(Array.from({ length: 250 }, (_, index) => [5, index]));
  });

  it('are all children of the task, under ids that are those of the messages', async () => {
    await begin({ callbacks: [groupOf(150)] });
    fixture.run('a').finish(5);
    await settled();
    const [result] = fixture.transport.messagesIn('replies');
    const { children } = parseJson(result?.body.toString() ?? '') as {
      children: [[unknown, [[string, null], null][]]];
    };
    const ids = fixture.transport.messagesIn('later').map(({ headers }) => headers['id']);
    expect(children[0][1].map(([[id]]) => id)).toEqual(ids);
    expect(new Set(ids).size).toBe(150);
  });

  it('leave turns of the event loop to others while they are prepared', async () => {
    await begin({ callbacks: [groupOf(640)] });
    fixture.transport.holdConfirms();
    let turns = 0;
    const counting = (): void => {
      if (sent().length > 0) return;
      turns++;
      setImmediate(counting);
    };
    setImmediate(counting);
    fixture.run('a').finish(5);
    await until(() => sent().length > 0);
    fixture.transport.releaseConfirms();
    expect(turns).toBeGreaterThan(8); // a turn for each slice of ten
  });

  it('are not made at all when one of them cannot be', async () => {
    await begin({ callbacks: [groupOf(150, (index) => (index === 140 ? { priority: 300 } : {}))] });
    fixture.run('a').finish(5);
    await settled();
    expect(fixture.results).toMatchObject([
      { id: 'a', status: 'FAILURE', result: { exc_type: 'EncodeError' } },
    ]);
    expect(sent()).toEqual([]);
  });

  it('end soon after the broker has refused one', async () => {
    await begin({ callbacks: [groupOf(400)] });
    let published = 0;
    fixture.transport.refusePublishes(({ headers }) => {
      if (headers['task'] === undefined) return undefined;
      published++;
      return published === 70 ? new OperationalError('ERR_PUBLISH_REFUSED', 'not taken') : undefined;
    });
    fixture.run('a').finish(5);
    await settled();
    expect(fixture.results).toMatchObject([{ status: 'FAILURE', result: { exc_type: 'OperationalError' } }]);
    expect(published).toBe(192); // its slice, and the one that was on its way;
  });

  it('stop when the delivery is lost, and are made under the same ids by the next run', async () => {
    await begin({ callbacks: [groupOf(150)] });
    let published = 0;
    fixture.transport.refusePublishes(({ headers }) => {
      if (headers['task'] === undefined) return undefined;
      published++;
      if (published === 30) fixture.transport.loseConnection();
      return undefined;
    });
    fixture.run('a').finish(5);
    await fixture.begun(2);
    await until(() => sent().length >= 64);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    const before = sent().length;
    expect(before).toBeLessThanOrEqual(128); // the first slice, and what of it was sent twice
    fixture.run('a').finish(5);
    await settled();
    expect(sent()).toHaveLength(before + 150);
    expect(new Set(fixture.transport.messagesIn('later').map(({ headers }) => headers['id'])).size).toBe(150);
  });

  it('are errbacks, too', async () => {
    await begin({ errbacks: Array.from({ length: 150 }, (_, index) => member(index)) });
    fixture.run('a').fail(new Error('no'));
    await settled();
    expect(sent()).toHaveLength(150);
  });

  describe('beyond the limits', () => {
    it.each<[string, Partial<TaskEmbed>, Partial<WorkerSettings>, string]>([
      [
        'calls at once',
        { callbacks: [groupOf(101)] },
        { maxFollowUpCalls: 100 },
        'the end of this task leads to more than 100 calls at once: send fewer, or raise CELERIAC_MAX_FOLLOW_UP_CALLS of its worker',
      ],
      [
        'tasks in all',
        { callbacks: [groupOf(91, () => ({ link: [groupOf(10)] }))] },
        { maxFollowUpCalls: 100 },
        'the end of this task leads to more than 1000 tasks in all: send fewer, or raise CELERIAC_MAX_FOLLOW_UP_CALLS (in all ten times as many) of its worker',
      ],
      [
        'bytes',
        { callbacks: [groupOf(20, () => ({ headers: { padding: 'x'.repeat(1000) } }))] },
        { maxFollowUpBytes: 20_000 },
        'more than 20000 bytes of messages at once: send fewer, or raise CELERIAC_MAX_FOLLOW_UP_BYTES of its worker',
      ],
    ])('of %s, the task fails and nothing is sent', async (_what, embed, settings, message) => {
      await begin(embed, settings);
      fixture.run('a').finish(5);
      await settled();
      expect(fixture.results).toMatchObject([
        {
          id: 'a',
          status: 'FAILURE',
          result: {
            exc_type: 'ValueError',
            exc_module: 'builtins',
            exc_message: [expect.stringContaining(message)],
          },
        },
      ]);
      expect([sent(), fixture.settled]).toEqual([[], ['acked a']]);
    });

    it('errbacks are not called, and later steps not failed, which is logged', async () => {
      const steps = Array.from({ length: 11 }, (_, index) =>
        member(index, { task_id: `s${String(index)}`, reply_to: 'replies' }),
      );
      await begin({ errbacks: [groupOf(11)], chain: steps }, { maxFollowUpCalls: 10 });
      fixture.run('a').fail(new Error('no'));
      await settled();
      expect([fixture.results.length, sent(), fixture.settled]).toEqual([1, [], ['acked a']]);
      expect(fixture.logger.fieldsOf('errbacks not called')).toMatchObject([
        { taskId: 'a', reason: expect.stringContaining('more than 10 calls at once') as string },
      ]);
      expect(fixture.logger.fieldsOf('later steps not failed')).toMatchObject([
        {
          taskId: 'a',
          reason: expect.stringContaining('more than 10 later steps that fail with it') as string,
        },
      ]);
    });
  });

  it('are told a failure in slices, when they are later steps', async () => {
    const steps = Array.from({ length: 150 }, (_, index) =>
      member(index, { task_id: `s${String(index)}`, reply_to: 'replies' }),
    );
    await begin({ chain: steps });
    fixture.run('a').fail(new Error('no'));
    await settled();
    expect(fixture.results).toHaveLength(151);
  });
});
