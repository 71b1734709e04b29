import { ImproperlyConfiguredError, silentLogger } from '@celeriac/primitives';
import { writeJson } from '@celeriac/protocol';
import { Type } from '@sinclair/typebox';

import { implement } from './implement.ts';
import type { RegisteredTask } from './registered-task.ts';
import type { TaskContext } from './task-context.ts';
import { defineTask, plainTask } from './task-declaration.ts';
import { bound } from './task-function.ts';
import { defineHolder } from './task-holder.ts';

const parameters = [
  ['x', Type.Number()],
  ['y', Type.Optional(Type.Integer({ minimum: 0 }))],
] as const;
const typed = defineHolder('typed', {
  work: defineTask({ parameters, result: Type.Number(), name: 'shop.work' }),
});
const trusting = defineHolder('trusting', { work: defineTask({ parameters, argumentsCheckedBy: 'caller' }) });
const plain = defineHolder('plain', { work: plainTask() });

const context: TaskContext = {
  request: {
    id: 'id-1',
    name: 'work',
    args: [],
    kwargs: {},
    retries: 0,
    rootId: 'id-1',
    parentId: undefined,
    groupId: undefined,
    groupIndex: undefined,
    correlationId: 'id-1',
    replyTo: undefined,
    eta: undefined,
    expires: undefined,
    origin: undefined,
    ignoreResult: false,
    headers: {},
    deliveryInfo: { exchange: '', routingKey: 'typed', priority: 0, redelivered: false },
    hostname: 'typed@host',
    timelimit: [null, null],
    shadow: undefined,
    stampedHeaders: [],
    stamps: {},
    replacedTaskNesting: 0,
  },
  logger: silentLogger,
  signal: new AbortController().signal,
  retry: () => {
    throw new Error('not retried here');
  },
  updateState: () => undefined,
};

function needless(): TaskContext {
  throw new Error('The context was built for a task that is not bound');
}

function onlyTask({ tasks }: { readonly tasks: readonly RegisteredTask[] }): RegisteredTask {
  const [task] = tasks;
  if (task === undefined || tasks.length > 1) throw new Error(`Expected one task, got ${tasks.length}`);
  return task;
}

describe('implement', () => {
  it('joins name, queue and function', () => {
    const task = onlyTask(implement(typed, { work: (x, y = 1) => x + y }));
    expect(task).toMatchObject({ name: 'shop.work', queue: 'typed', declaration: typed.declarations.work });
    expect(task.run([2, 3], {}, needless)).toBe(5);
    expect(task.run([2], {}, needless)).toBe(3);
    expect(task.run([], { y: 3, x: 2 }, needless)).toBe(5);
  });

  it('keeps what is synchronous synchronous, and passes on promises', async () => {
    const gone = new Error('gone');
    expect(() => onlyTask(implement(plain, { work: () => thrown(gone) })).run([], {}, needless)).toThrow(
      gone,
    );
    const promised = onlyTask(implement(plain, { work: async () => Promise.resolve(1) })).run(
      [],
      {},
      needless,
    );
    await expect(promised).resolves.toBe(1);
  });

  it('hands a bound task its context first', () => {
    const work = bound((given: TaskContext, x: number) => [given.request.id, x]);
    expect(onlyTask(implement(plain, { work })).run([7], {}, () => context)).toEqual(['id-1', 7]);
  });

  it.each([
    ['a typed task', () => onlyTask(implement(typed, { work: () => 1 }))],
    ['a trusting task', () => onlyTask(implement(trusting, { work: () => 1 }))],
    ['a plain task', () => onlyTask(implement(plain, { work: () => 1 }))],
  ])('fails with a short text when a keyword of 1 MB is unknown to %s', (_what, create) => {
    const kwargs = { ['k'.repeat(1_000_000)]: 1 };
    expect(() => create().run([], kwargs, needless)).toThrow(
      `work() got an unexpected keyword argument '${'k'.repeat(99)}…'`,
    );
  });

  it('fails with a short text when a property or a value of 1 MB breaks the contract', () => {
    const long = 'k'.repeat(1_000_000);
    const strict = Type.Object({ a: Type.Optional(Type.Integer()) }, { additionalProperties: false });
    const holder = defineHolder('strict', { work: defineTask({ parameters: [['x', strict]] }) });
    const task = onlyTask(implement(holder, { work: () => 1 }));
    for (const x of [{ [long]: 1 }, { a: long }, long]) {
      const texts: string[] = [];
      try {
        task.run([x], {}, needless);
      } catch (error) {
        texts.push(String(error));
      }
      expect([texts.length, (texts[0] ?? '').length < 400]).toEqual([1, true]);
    }
  });

  it('builds no context for arguments that do not fit', () => {
    const task = onlyTask(implement(typed, { work: bound((_context, x) => x) }));
    expect(() => task.run([], {}, needless)).toThrow("work() missing 1 required positional argument: 'x'");
  });

  it.each([
    [['1'], 'TypeError', 'work() argument \'x\' must be a number, got "1"'],
    [[null], 'TypeError', "work() argument 'x' must be a number, got null"],
    [[1, 1.5], 'TypeError', "work() argument 'y' must be an integer, got 1.5"],
    [[1, -1], 'ValueError', "work() argument 'y' must be >= 0, got -1"],
    [
      [2n ** 70n],
      'TypeError',
      "work() argument 'x' must be a number, got 1180591620717411303424, an integer beyond the exact ones of JavaScript",
    ],
  ])('fails for %p as Python would, with a %s', (args, excType, text) => {
    const work = jest.fn(() => 1);
    const task = onlyTask(implement(typed, { work }));
    expect(() => task.run(args, {}, needless)).toThrow(
      expect.objectContaining({ excType, excArgs: [text] }) as Error,
    );
    expect(work).not.toHaveBeenCalled();
  });

  it('checks nothing but number and names where the caller checks', () => {
    const task = onlyTask(implement(trusting, { work: (x, y) => [x, y] }));
    expect(task.run([null, 'any'], {}, needless)).toEqual([null, 'any']);
    expect(() => task.run([1, 2, 3], {}, needless)).toThrow(
      'work() takes from 1 to 2 positional arguments but 3',
    );
  });

  it('gives a plain task any arguments, and keywords only in its request', () => {
    const unbound = onlyTask(implement(plain, { work: (...args: unknown[]) => args }));
    expect(unbound.run([1, 'a', null], {}, needless)).toEqual([1, 'a', null]);
    expect(() => unbound.run([], { a: 1 }, needless)).toThrow(
      "work() got an unexpected keyword argument 'a'",
    );
    const boundTask = onlyTask(implement(plain, { work: bound(({ request }) => request.kwargs) }));
    expect(boundTask.run([], { a: 1 }, () => context)).toEqual({});
  });

  it('writes results by their schema, or as they are where there is none', () => {
    const typedTask = onlyTask(implement(typed, { work: (x) => x }));
    expect(writeJson(typedTask.encodeResult(9))).toBe('9.0');
    const plainOne = onlyTask(implement(plain, { work: () => 9 }));
    expect(writeJson(plainOne.encodeResult(9))).toBe('9');
  });

  it.each<[unknown, RegExp]>([
    [{}, /Task 'work' of queue 'plain' needs a function, got undefined/],
    [{ work: 'no function' }, /needs a function, got string/],
    [{ work: () => 1, more: () => 1 }, /Queue 'plain' declares no task 'more'/],
  ])('refuses %p from a caller without types', (implementations, text) => {
    const refused = (): unknown =>
      implement(plain, implementations as Parameters<typeof implement<typeof plain.declarations>>[1]);
    expect(refused).toThrow(ImproperlyConfiguredError);
    expect(refused).toThrow(text);
  });

  it('refuses a schema that cannot be used at once, not at the first call', () => {
    const parametersOnly = defineHolder('q', {
      work: defineTask({ parameters: [['x', Type.String({ format: 'nonsense' })]] }),
    });
    expect(() => implement(parametersOnly, { work: () => 1 })).toThrow(/parameter 'x'/);
    const resultOnly = defineHolder('q', { work: defineTask({ parameters: [], result: Type.Date() }) });
    expect(() => implement(resultOnly, { work: () => new Date() })).toThrow(/type "Date"/);
  });
});

function thrown(error: Error): never {
  throw error;
}
