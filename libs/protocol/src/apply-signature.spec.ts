import { applySignature, type Application, type SignatureCall } from './apply-signature.ts';
import { derivedTaskId } from './derived-task-id.ts';
import { encodeTaskMessage } from './encode-task-message.ts';
import { float } from './python-float.ts';
import type { Signature } from './signature.ts';

const context = {
  parentId: 'a-parent',
  rootId: 'a-root',
  origin: 'gen1@host',
  now: new Date('2026-11-22T10:24:12.805Z'),
};

function task(name: string, fields: Partial<Signature> = {}): Signature {
  return { task: name, args: [], kwargs: {}, options: {}, subtask_type: null, immutable: false, ...fields };
}

function canvas(type: 'group' | 'chain', tasks: readonly Signature[], options: object = {}): Signature {
  return task(`celery.${type}`, { subtask_type: type, kwargs: { tasks }, options: { ...options } });
}

function apply(signature: Signature, application: Partial<Application> = {}) {
  const calls: SignatureCall[] = [];
  const applying = applySignature(signature, { args: [5], position: 'here', ...application }, context);
  for (;;) {
    const next = applying.next();
    if (next.done === true) return { calls, ...next.value };
    calls.push(next.value);
  }
}

/** Name, arguments, and the fields that a spec asks for. */
function calls(signature: Signature, ...fields: ('id' | 'group' | 'groupIndex' | 'priority')[]): unknown[][] {
  return apply(signature).calls.map(({ call }) => [
    call.name,
    call.args,
    ...fields.map((field) => call[field]),
  ]);
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('applySignature of a task', () => {
  it('puts the given arguments before its own, with the ids of parent and root', () => {
    const { calls: made } = apply(task('add', { args: [1], kwargs: { k: 2 } }));
    expect(made).toMatchObject([
      { call: { name: 'add', args: [5, 1], kwargs: { k: 2 }, parentId: 'a-parent', rootId: 'a-root' } },
    ]);
  });

  it('leaves an immutable one its own arguments', () => {
    expect(calls(task('add', { args: [1], immutable: true }))).toEqual([['add', [1]]]);
  });

  it('takes missing parts for empty ones', () => {
    expect(calls({ task: 'add' })).toEqual([['add', [5]]]);
    expect(calls({ task: 'add', args: null, kwargs: null, options: null })).toEqual([['add', [5]]]);
  });

  it('keeps its id, or derives one from the parent', () => {
    expect(calls(task('add', { options: { task_id: 'its-own' } }), 'id')).toEqual([['add', [5], 'its-own']]);
    expect(calls(task('add'), 'id')).toEqual([['add', [5], derivedTaskId('a-parent', 'here')]]);
  });

  it('carries callbacks and errbacks of its options, and the steps that follow it', () => {
    const options = { link: [task('l')], link_error: task('e'), queue: 'q' };
    const { calls: made } = apply(task('add', { options }), { chain: [] });
    expect(made).toMatchObject([
      {
        call: { embed: { callbacks: [task('l')], errbacks: [task('e')], chain: [] } },
        route: { queue: 'q' },
      },
    ]);
  });

  it('is written with the kinds of its numbers as they came', () => {
    const signature = task('add', { args: [float(3), 2n ** 70n] });
    const [made] = apply(signature, { args: [float(9)] }).calls;
    if (made === undefined) throw new Error('one call');
    expect(encodeTaskMessage(made.call).body.toString()).toBe(
      '[[9.0, 3.0, 1180591620717411303424], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]',
    );
  });

  it.each(['celery.map', 'celery.starmap'])('sends %s, which is a task', (name) => {
    const kwargs = { task: task('add'), it: [1, 2] };
    const { calls: made } = apply(task(name, { subtask_type: 'xmap', immutable: true, kwargs }));
    expect(made).toMatchObject([{ call: { name, args: [], kwargs } }]);
  });
});

describe('applySignature of a group', () => {
  it('passes its link to each member, as Celery does with a group in a message, and drops that of a group in it', () => {
    const link = [task('l')];
    const callbacks = (signature: Signature) =>
      apply(signature).calls.map(({ call }) => call.embed?.callbacks);
    expect(callbacks(canvas('group', [task('a'), task('b')], { link }))).toEqual([link, link]);
    const inner = canvas('group', [task('a'), task('b')], { link });
    expect(callbacks(canvas('group', [inner, task('c')]))).toEqual([null, null, null]);
  });

  it('calls every member with the given arguments, under one group id', () => {
    const members = [task('a', { args: [1] }), task('b', { args: [2], immutable: true })];
    expect(calls(canvas('group', members, { task_id: 'g' }), 'group', 'groupIndex')).toEqual([
      ['a', [5, 1], 'g', 0],
      ['b', [2], 'g', 1],
    ]);
    expect(calls(canvas('group', members), 'group')[0]?.[2]).toBe(derivedTaskId('a-parent', 'here'));
  });

  it('takes groups among its members apart, and counts on', () => {
    const signature = canvas('group', [task('a'), canvas('group', [task('b'), task('c')]), task('d')]);
    expect(calls(signature, 'groupIndex').map(([name, , index]) => [name, index])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['d', 3],
    ]);
  });

  it('gives its options to its members, but for a group id that a member has', () => {
    const members = [task('a', { options: { group_id: 'mine', priority: 1 } }), task('b')];
    const signature = canvas('group', members, { task_id: 'g', priority: 4 });
    expect(calls(signature, 'group', 'priority')).toEqual([
      ['a', [5], 'mine', 4],
      ['b', [5], 'g', 4],
    ]);
  });

  it('is listed as a group among the children', () => {
    const members = [task('a', { options: { task_id: '1' } }), task('b', { options: { task_id: '2' } })];
    const { child } = apply(canvas('group', members, { task_id: 'g' }));
    expect(child).toEqual([
      ['g', null],
      [
        [['1', null], null],
        [['2', null], null],
      ],
    ]);
  });

  it('makes no call when it is empty', () => {
    expect(apply(canvas('group', []))).toEqual({ calls: [], child: undefined, result: undefined });
    expect(apply(canvas('group', [canvas('chain', [])]))).toMatchObject({ calls: [], child: undefined });
  });

  it('is known by its name alone', () => {
    expect(calls({ task: 'celery.group', kwargs: { tasks: [task('a')] } })).toEqual([['a', [5]]]);
  });
});

describe('applySignature of a chain', () => {
  const steps = ['1', '2', '3'].map((id) => task(`t${id}`, { options: { task_id: id } }));

  it('calls its first step, which carries the others in reverse order', () => {
    const { calls: made } = apply(canvas('chain', steps));
    expect(made).toMatchObject([
      { call: { name: 't1', args: [5], embed: { chain: [{ task: 't3' }, { task: 't2' }] } } },
    ]);
  });

  it('puts its steps before those that follow it', () => {
    const { calls: made } = apply(canvas('chain', steps), { chain: [task('after')] });
    expect(made[0]?.call.embed?.chain?.map((step) => step.task)).toEqual(['after', 't3', 't2']);
  });

  it('is listed by its first step among the children, and by its last in a group', () => {
    const { child, result } = apply(canvas('chain', steps));
    expect(child).toEqual([['1', null], null]);
    expect(result).toEqual([['3', [['2', [['1', null], null]], null]], null]);
    const group = apply(canvas('group', [canvas('chain', steps)], { task_id: 'g' }));
    expect(group.child).toEqual([['g', null], [result]]);
  });

  it('has only its last step belong to the group that it is a member of', () => {
    const { calls: made } = apply(canvas('group', [canvas('chain', steps)], { task_id: 'g' }));
    expect(made[0]?.call).toMatchObject({ name: 't1', group: undefined, groupIndex: undefined });
    expect(made[0]?.call.embed?.chain?.map(({ options }) => options)).toEqual([
      { task_id: '3', group_id: 'g', group_index: 0 },
      { task_id: '2' },
    ]);
  });

  it('gives its errbacks to all steps, its callbacks and its id to the last, the rest to the first', () => {
    const signature = canvas('chain', [task('a'), task('b', { options: { link: [task('own')] } })], {
      link: [task('l')],
      link_error: task('e'),
      task_id: 'last',
      priority: 2,
    });
    const [made] = apply(signature).calls;
    expect(made?.call).toMatchObject({
      name: 'a',
      priority: 2,
      embed: {
        errbacks: [task('e')],
        callbacks: null,
        chain: [{ options: { task_id: 'last', link: [task('own'), task('l')], link_error: [task('e')] } }],
      },
    });
  });

  it('splices chains in, takes a group of one for that one, and leaves empty groups out', () => {
    const signature = canvas('chain', [
      canvas('chain', [task('a'), canvas('group', [])]),
      canvas('group', [canvas('chain', [task('b'), task('c')])]),
      task('d'),
    ]);
    const [made] = apply(signature).calls;
    expect(made?.call.name).toBe('a');
    expect(made?.call.embed?.chain?.map((step) => step.task)).toEqual(['d', 'c', 'b']);
  });

  it('ends in a group whose members have ids before they run', () => {
    const { result, calls: made } = apply(
      canvas('chain', [task('a'), canvas('group', [task('b'), task('c')])]),
    );
    const [group] = made[0]?.call.embed?.chain ?? [];
    const members = (group?.kwargs?.['tasks'] as Signature[]).map(({ options }) => options);
    expect(members.map((options) => options?.['group_index'])).toEqual([0, 1]);
    expect(result?.[1]).toEqual(members.map((options) => [[options?.['task_id'], null], null]));
    expect(result?.[0][0]).toBe(group?.options?.['task_id']);
  });

  it('gives the arguments to its first step, whatever it has itself: Celery drops that on arrival', () => {
    const signature = { ...canvas('chain', [task('a', { args: [3] })]), args: [2], immutable: true };
    expect(calls(signature)).toEqual([['a', [5, 3]]]);
  });

  it('makes no call when it has no steps', () => {
    expect(apply(canvas('chain', []))).toEqual({ calls: [], child: undefined, result: undefined });
  });
});

describe('applySignature of chunks', () => {
  it('calls celery.starmap for every part', () => {
    const kwargs = {
      task: task('add'),
      it: [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
      n: 2,
    };
    const { calls: made } = apply(task('celery.chunks', { subtask_type: 'chunks', kwargs }));
    expect(made.map(({ call }) => [call.name, call.args, call.kwargs])).toEqual([
      [
        'celery.starmap',
        [],
        {
          task: task('add'),
          it: [
            [1, 1],
            [2, 2],
          ],
        },
      ],
      ['celery.starmap', [], { task: task('add'), it: [[3, 3]] }],
    ]);
  });

  it.each([{ it: 5, n: 2 }, { it: [1], n: 0 }, { it: [1] }])('refuses %j', (kwargs) => {
    expect(() => apply(task('celery.chunks', { kwargs }))).toThrow(
      /kwargs\.(it|n) of the signature celery\.chunks/,
    );
  });
});

describe('applySignature of a chord', () => {
  const chord = task('celery.chord', {
    subtask_type: 'chord',
    kwargs: { header: [task('a')], body: task('b') },
  });

  it.each<[string, Signature]>([
    ['a chord', chord],
    ['a step that is a chord', canvas('chain', [task('a'), chord])],
    [
      'a group that another step follows',
      canvas('chain', [canvas('group', [task('a'), task('b')]), task('c')]),
    ],
    ['a member of a group that is a chord', canvas('group', [chord])],
  ])('refuses %s, as Celery does with rpc://', (_what, signature) => {
    const refuse = () => apply(signature);
    expect(refuse).toThrow('The "rpc" result backend does not support chords!');
    expect(thrownBy(refuse)).toMatchObject({ excType: 'NotImplementedError', excModule: 'builtins' });
  });
});

it.each<[string, Signature, string]>([
  [
    'arguments',
    { task: 'add', args: 'no list' as never },
    'args of the signature add must be a list, got str',
  ],
  [
    'keyword arguments',
    { task: 'add', kwargs: [] as never },
    'kwargs of the signature add must be an object, got list',
  ],
  [
    'members',
    canvas('group', ['add' as never]),
    'kwargs.tasks of the signature celery.group must be a list of signatures, got list',
  ],
  [
    'steps',
    task('celery.chain', { kwargs: {} }),
    'kwargs.tasks of the signature celery.chain must be a list of signatures, got NoneType',
  ],
])('applySignature refuses a signature whose %s cannot be such', (_part, signature, message) => {
  expect(() => apply(signature)).toThrow(message);
  expect(thrownBy(() => apply(signature))).toMatchObject({ code: 'ERR_INVALID_TASK' });
});
