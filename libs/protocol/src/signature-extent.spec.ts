import type { SignatureCall } from './apply-signature.ts';
import { callsOnFailure, callsOnSuccess, type FollowUpCalls } from './follow-up-calls.ts';
import { encodeTaskMessage } from './encode-task-message.ts';
import { signatureExtent } from './signature-extent.ts';
import { emptyEmbed, type Signature, type TaskEmbed } from './signature.ts';

const context = { parentId: 'a-parent', rootId: 'a-root', origin: 'gen1@host', now: new Date() };
const unlimited = { maxCalls: Infinity, maxBytes: Infinity };

function task(options: object = {}, fields: object = {}): Signature {
  return { task: 'add', args: [], kwargs: {}, options: { ...options }, immutable: false, ...fields };
}

function canvas(type: 'group' | 'chain', tasks: readonly Signature[], options: object = {}): Signature {
  return task(options, { task: `celery.${type}`, subtask_type: type, kwargs: { tasks } });
}

function group(tasks: readonly Signature[], options: object = {}): Signature {
  return canvas('group', tasks, options);
}

function chain(tasks: readonly Signature[], options: object = {}): Signature {
  return canvas('chain', tasks, options);
}

function chunks(length: number, n: unknown, options: object = {}): Signature {
  const it = Array.from({ length }, (_, index) => [index]);
  return task(options, { task: 'celery.chunks', subtask_type: 'chunks', kwargs: { task: task(), it, n } });
}

function tasks(count: number, options: object = {}): Signature[] {
  return Array.from({ length: count }, () => task(options));
}

/** `link` of `depth` groups of `width`, one in the other. */
function nested(depth: number, width: number): Signature {
  return group(tasks(width), depth === 1 ? {} : { link: [nested(depth - 1, width)] });
}

function callsOf({ made }: FollowUpCalls): SignatureCall[] {
  return [...made()];
}

/** Ends every task that follows, and counts them: of success and failure, what leads to more. */
function followed(embed: Partial<TaskEmbed>): number {
  const whole = { ...emptyEmbed, ...embed };
  const count = (calls: readonly SignatureCall[]): number =>
    calls.reduce((sum, { call }) => sum + 1 + followed(call.embed ?? {}), 0);
  return Math.max(
    count(callsOf(callsOnSuccess(whole, 5, context, unlimited))),
    count(callsOf(callsOnFailure(whole, context, unlimited))),
  );
}

const t = task();

describe('signatureExtent', () => {
  it.each<[string, Signature]>([
    ['a task', t],
    ['a task with callbacks', task({ link: [t, task({ link: t })] })],
    ['a task with errbacks of errbacks', task({ link: [t], link_error: [t, task({ link_error: [t, t] })] })],
    ['a group', group(tasks(3))],
    ['an empty group', group([])],
    ['groups in a group, whose own links are dropped', group([group(tasks(2), { link: [t] }), t])],
    ['a group with a link', group(tasks(3), { link: [t, t] })],
    [
      'a group whose link wins over those of its members',
      group([task({ link: [t, t, t] }), t], { link: [t] }),
    ],
    ['a group with an empty link', group([task({ link: [t, t, t] }), t], { link: [] })],
    ['a group with errbacks', group(tasks(3), { link_error: [t, t] })],
    ['groups in links of groups', nested(5, 3)],
    ['a chain', chain(tasks(4))],
    ['a chain with a link, for its last step', chain([t, task({ link: [t] }), t], { link: [t, t] })],
    ['a chain with errbacks, for every step', chain(tasks(3), { link_error: [t, t, t] })],
    ['a chain with chains in it', chain([chain([t, t], { link: [t] }), t, chain([t])])],
    ['a chain that ends with a group', chain([t, group(tasks(3), { link: [t] })], { link: [t] })],
    ['a chain of a single group', chain([group(tasks(3))], { link: [t], link_error: [t, t, t] })],
    ['a chain with a group of one', chain([group([chain([t, t])], { link: [t] }), t])],
    ['chains in a group', group([chain([t, t]), chain([]), t], { link: [t, t] })],
    ['a group in a chain in a group', group([chain([group(tasks(2)), group([])]), t], { link: [t] })],
    ['chunks', chunks(7, 3, { link: [t, t] })],
    ['chunks of a bigint', chunks(7, 2n)],
    ['no chunks', chunks(0, 2)],
  ])('tells the tasks that follow %s', (_what, signature) => {
    expect(signatureExtent(signature, { argsBytes: 0 }).tasks).toBe(followed({ callbacks: [signature] }));
  });

  it.each<[string, readonly Signature[]]>([
    ['tasks', [t, task({ link: [t] }), t]],
    ['groups, with the steps after them for each member', [t, group(tasks(2)), group(tasks(3)), t]],
    ['chains', [t, chain([t, t], { link: [t], link_error: tasks(9) }), chain([])]],
  ])('tells the tasks of steps that travel along: %s', (_what, steps) => {
    const next = steps.at(-1) ?? t;
    const { tasks: told } = signatureExtent(next, { argsBytes: 0, chain: steps.slice(0, -1) });
    expect(told).toBe(followed({ chain: steps }));
  });

  it.each<[string, Signature, number]>([
    ['a group', group([...tasks(3), group(tasks(2))]), 5],
    ['chunks', chunks(7, 3), 3],
    ['a chain, with its later steps', chain(tasks(4)), 4],
    ['chains without a step, which are looked at', group([chain([group([])]), t]), 2],
    ['a chord, which is refused', task({}, { subtask_type: 'chord' }), 1],
  ])('tells the calls that are made at once by %s', (_what, signature, calls) => {
    expect(signatureExtent(signature, { argsBytes: 0 }).calls).toBe(calls);
  });

  const padding = 'x'.repeat(5000);
  it.each<{ what: string; signature: Signature; chain?: Signature[] }>([
    {
      what: 'arguments of members',
      signature: group([task({}, { args: [padding] }), task({}, { kwargs: { padding } })]),
    },
    { what: 'options of a group', signature: group(tasks(20), { headers: { padding } }) },
    { what: 'a link of a group', signature: group(tasks(20), { link: [task({}, { args: [padding] })] }) },
    { what: 'later steps of chains', signature: group([chain([t, task({}, { args: [padding] })]), t]) },
    {
      what: 'errbacks of a chain, for each step',
      signature: chain(tasks(20), { link_error: [task({}, { args: [padding] })] }),
    },
    { what: 'steps that travel along', signature: group(tasks(20)), chain: [task({}, { args: [padding] })] },
    { what: 'arguments that come first', signature: group(tasks(20)) },
    { what: 'chunks, cut once', signature: chunks(3000, 1000) },
    { what: 'characters that are escaped', signature: group([task({}, { args: ['ü'.repeat(3000)] })]) },
  ])('tells about the bytes of the messages: $what', ({ signature, chain: steps = [] }) => {
    const embed = { ...emptyEmbed, chain: [...steps, signature] };
    const bytes = callsOf(callsOnSuccess(embed, padding, context, unlimited))
      .map(({ call }) => encodeTaskMessage(call))
      .map(({ body, headers }) => body.length + JSON.stringify(headers).length)
      .reduce((sum, size) => sum + size, 0);
    const told = signatureExtent(signature, { argsBytes: JSON.stringify([padding]).length, chain: steps });
    expect(told.bytes).toBeGreaterThan(bytes * 0.8);
    expect(told.bytes).toBeLessThan(bytes * 1.2 + 20_000);
  });

  it('leaves arguments that come first out for immutable members', () => {
    const members = Array.from({ length: 20 }, () => task({}, { immutable: true }));
    expect(signatureExtent(group(members), { argsBytes: 1e9 }).bytes).toBeLessThan(1e6);
  });

  it('takes no longer than the signature is large, whatever it leads to', () => {
    // 2^300 tasks and more: the time alone shows that none of them is made
    expect(signatureExtent(nested(300, 2), { argsBytes: 0 }).tasks).toBeGreaterThan(2 ** 300);
    const steps = Array.from({ length: 5000 }, () => group(tasks(2)));
    expect(signatureExtent(t, { argsBytes: 0, chain: steps }).tasks).toBe(Infinity);
  });

  it('ends the counting beyond a limit', () => {
    const given = { argsBytes: 0, limits: { maxCalls: 10, maxBytes: 1_000_000 } };
    expect(signatureExtent(group(tasks(1000)), given).calls).toBe(11);
    expect(signatureExtent(group([group(tasks(8)), ...tasks(8)]), given).calls).toBe(11);
  });

  it.each<[string, unknown]>([
    ['tasks that are no list', task({}, { subtask_type: 'group', kwargs: { tasks: 5 } })],
    ['tasks that are no signatures', task({}, { subtask_type: 'chain', kwargs: { tasks: [5, null] } })],
    ['no kwargs', task({}, { subtask_type: 'chunks', kwargs: null })],
    ['chunks of an object', chunks(5, { valueOf: 1, toString: 1 })],
    ['chunks of nothing', chunks(5, 0)],
    ['a link that is none', task({ link: [5], link_error: 'text' }, { subtask_type: 'group' })],
  ])('counts nothing for %s, which are refused when they are applied', (_what, signature) => {
    expect(signatureExtent(signature as Signature, { argsBytes: 0 }).tasks).toBe(0);
  });
});

describe('the limits of what follows a task', () => {
  const limits = { maxCalls: 10_000, maxBytes: 33_554_432 };

  function refusal(embed: Partial<TaskEmbed>, result: unknown = 5): unknown {
    try {
      callsOnSuccess({ ...emptyEmbed, ...embed }, result, context, limits);
    } catch (error) {
      return error;
    }
    return undefined;
  }

  it.each<[string, Signature[], string]>([
    [
      'a group of 600,000',
      [group(new Array<Signature>(600_000).fill(t))],
      'the end of this task leads to more than 10000 calls at once: send fewer, or raise CELERIAC_MAX_FOLLOW_UP_CALLS of its worker',
    ],
    ['chunks of one', [chunks(10_001, 1)], 'leads to more than 10000 calls at once'],
    ['groups in links of groups, 7.9 kB', [nested(21, 2)], 'leads to more than 100000 tasks in all: '],
    ['very many of these', [nested(60, 2)], 'leads to more than 100000 tasks in all: '],
    [
      '5,000 members that share 300 kB',
      [group(tasks(5000), { headers: { padding: 'x'.repeat(300_000) } })],
      'more than 33554432 bytes of messages at once: send fewer, or raise CELERIAC_MAX_FOLLOW_UP_BYTES of its worker',
    ],
    ['callbacks together', tasks(10_001), 'leads to more than 10000 calls at once'],
  ])('refuse %s', (_what, callbacks, message) => {
    expect(refusal({ callbacks })).toMatchObject({
      excType: 'ValueError',
      message: expect.stringContaining(message) as string,
    });
  });

  it('refuse a result that is repeated too often, and steps that follow', () => {
    const result = 'x'.repeat(1_000_000);
    expect(refusal({ callbacks: tasks(30) }, result)).toBeUndefined();
    expect(refusal({ callbacks: tasks(40) }, result)).toMatchObject({ excType: 'ValueError' });
    expect(refusal({ chain: tasks(100_000) })).toBeUndefined();
    expect(refusal({ chain: tasks(100_001) })).toMatchObject({ excType: 'ValueError' });
  });

  it('allow what is within them, and a single call of any size', () => {
    expect(refusal({ callbacks: [group(tasks(10_000))] })).toBeUndefined();
    expect(refusal({ callbacks: [t] }, 'x'.repeat(40_000_000))).toBeUndefined();
    expect(refusal({ callbacks: [nested(5, 9)] })).toBeUndefined();
  });

  it('hold for errbacks', () => {
    const embed = { ...emptyEmbed, errbacks: tasks(10_001) };
    expect(() => callsOnFailure(embed, context, limits)).toThrow('more than 10000 calls at once');
  });
});
