import * as followUps from './follow-up-calls.ts';
import type { FollowUpCalls } from './follow-up-calls.ts';
import type { SignatureCall } from './apply-signature.ts';
import type { ResultTuple } from './result-tuple.ts';
import { emptyEmbed, type Signature, type TaskEmbed } from './signature.ts';

const context = { parentId: 'a-parent', rootId: 'a-root', origin: 'gen1@host', now: new Date() };

const limits = { maxCalls: 100, maxBytes: 1_000_000 };

function drained({ made }: FollowUpCalls): { calls: SignatureCall[]; children: readonly ResultTuple[] } {
  const calls: SignatureCall[] = [];
  const making = made();
  for (;;) {
    const next = making.next();
    if (next.done === true) return { calls, children: next.value };
    calls.push(next.value);
  }
}

function callsOnSuccess(embed: TaskEmbed, result: unknown) {
  return drained(followUps.callsOnSuccess(embed, result, context, limits));
}

function callsOnFailure(embed: TaskEmbed) {
  return drained(followUps.callsOnFailure(embed, context, limits)).calls;
}

function stepsFailedWith(embed: TaskEmbed) {
  return followUps.stepsFailedWith(embed, limits);
}

function task(name: string, options: object = {}): Signature {
  return { task: name, args: ['own'], options: { ...options } };
}

function group(...tasks: Signature[]): Signature {
  return { task: 'celery.group', kwargs: { tasks }, subtask_type: 'group', options: {} };
}

describe('callsOnSuccess', () => {
  it('makes no call when nothing follows', () => {
    expect(callsOnSuccess(emptyEmbed, 5)).toEqual({ calls: [], children: [] });
    expect(callsOnSuccess({ ...emptyEmbed, callbacks: [], chain: [] }, 5).calls).toEqual([]);
  });

  it('calls one callback by itself', () => {
    const { calls, children } = callsOnSuccess({ ...emptyEmbed, callbacks: [task('a')] }, 5);
    expect(calls).toMatchObject([{ call: { name: 'a', args: [5, 'own'], group: undefined } }]);
    expect(calls[0]?.call.embed?.chain).toBeNull();
    expect(children).toEqual([[[calls[0]?.call.id, null], null]]);
  });

  it('calls several as a new group, and groups among them each by itself', () => {
    const callbacks = [task('a'), group(task('b'), task('c')), task('d')];
    const { calls, children } = callsOnSuccess({ ...emptyEmbed, callbacks }, 5);
    expect(calls.map(({ call }) => [call.name, call.groupIndex])).toEqual([
      ['b', 0],
      ['c', 1],
      ['a', 0],
      ['d', 1],
    ]);
    const [b, c, a, d] = calls.map(({ call }) => call.group);
    expect([b === c, a === d, a === b]).toEqual([true, true, false]);
    expect(children.map(([[id]]) => id)).toEqual([b, a]);
  });

  it('calls the last of the remaining steps after the callbacks; the others travel with it', () => {
    const embed = { ...emptyEmbed, callbacks: [task('l')], chain: [task('third'), task('second')] };
    const { calls } = callsOnSuccess(embed, 5);
    expect(calls.map(({ call }) => [call.name, call.embed?.chain])).toEqual([
      ['l', null],
      ['second', [task('third')]],
    ]);
  });

  it('gives every call an id of its own, and the same one again', () => {
    const embed = { ...emptyEmbed, callbacks: [task('a'), task('b')], chain: [task('c')] };
    const ids = () => callsOnSuccess(embed, 5).calls.map(({ call }) => call.id);
    expect(new Set(ids()).size).toBe(3);
    expect(ids()).toEqual(ids());
  });

  it('counts the parts of no chord: the body is passed on by whoever has it', () => {
    expect(callsOnSuccess({ ...emptyEmbed, chord: task('sum') }, 5).calls).toEqual([]);
  });
});

describe('callsOnFailure', () => {
  it('calls all errbacks as a group, with the id of the failed task', () => {
    const calls = callsOnFailure({ ...emptyEmbed, errbacks: [task('a'), task('b')] });
    expect(calls.map(({ call }) => [call.name, call.args, call.groupIndex])).toEqual([
      ['a', ['a-parent', 'own'], 0],
      ['b', ['a-parent', 'own'], 1],
    ]);
    expect(calls).toMatchObject([{ call: { parentId: 'a-parent', rootId: 'a-root' } }, {}]);
  });

  it('makes a group of a single one too', () => {
    const calls = callsOnFailure({ ...emptyEmbed, errbacks: [task('a')] });
    expect(calls).toMatchObject([{ call: { group: expect.any(String) as string, groupIndex: 0 } }]);
  });

  it.each([null, []])('makes no call for %j', (errbacks) => {
    expect(callsOnFailure({ ...emptyEmbed, errbacks, callbacks: [task('a')] })).toEqual([]);
  });
});

describe('stepsFailedWith', () => {
  it('lists every later step that has an id, with where its caller waits', () => {
    const chain = [
      task('c', { task_id: '3', reply_to: 'q', group_id: 'g' }),
      task('b'),
      task('a', { task_id: '1' }),
    ];
    expect(stepsFailedWith({ ...emptyEmbed, chain })).toEqual([
      { taskId: '3', replyTo: 'q', groupId: 'g', parentId: undefined },
      { taskId: '1', replyTo: undefined, groupId: undefined, parentId: undefined },
    ]);
    expect(stepsFailedWith(emptyEmbed)).toEqual([]);
  });

  it('goes into the body of a chord, and into groups', () => {
    const body = task('body', { task_id: 'b' });
    const chord: Signature = {
      task: 'celery.chord',
      subtask_type: 'chord',
      kwargs: { header: [task('h', { task_id: 'h' })], body },
      options: { task_id: 'c' },
    };
    const members = group(task('m', { task_id: 'm' }), task('n', { task_id: 'n' }));
    const ids = (signature: Signature) =>
      stepsFailedWith({ ...emptyEmbed, chain: [signature] }).map(({ taskId }) => taskId);
    expect(ids(chord)).toEqual(['c', 'b']);
    expect(ids({ ...members, options: { task_id: 'g' } })).toEqual(['g', 'm', 'n']);
    expect(ids({ ...chord, kwargs: {} })).toEqual(['c']);
  });
});
