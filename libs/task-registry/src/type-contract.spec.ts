import { Type } from '@sinclair/typebox';

import { bound, defineHolder, defineTask, implement, plainTask, withOptions } from './index.ts';
import type {
  ImplementedHolder,
  TaskArguments,
  TaskHolder,
  TaskKeywordArguments,
  TaskResult,
} from './index.ts';

/** Each can stand for the other, and neither is `any`. `true satisfies Same<A, B>` does not compile when they differ. */
type Same<A, B> = 0 extends 1 & A ? false : [A] extends [B] ? ([B] extends [A] ? true : false) : false;

const declarations = {
  add: defineTask({
    parameters: [
      ['y', Type.Number()],
      ['x', Type.Optional(Type.String())],
    ],
    result: Type.Number(),
  }),
  read: defineTask({ parameters: [['payload', Type.String()]], argumentsCheckedBy: 'caller' }),
  anything: plainTask(),
};
const holder = defineHolder('types', declarations);
const inline = defineHolder('inline', {
  add: defineTask({ parameters: [['x', Type.Number()]], result: Type.Literal('ND') }),
  read: defineTask({ parameters: [['x', Type.Number()]], argumentsCheckedBy: 'caller' }),
});
const anyHolders: readonly TaskHolder[] = [holder, inline];

describe('types of a holder', () => {
  it('follow the declared order and the schemas', () => {
    expect(true satisfies Same<TaskArguments<typeof declarations.add>, [y: number, x?: string]>).toBe(true);
    expect(
      true satisfies Same<TaskKeywordArguments<typeof declarations.add>, { y?: number; x?: string }>,
    ).toBe(true);
    expect(true satisfies Same<TaskResult<typeof declarations.add>, number>).toBe(true);
    expect(true satisfies Same<TaskArguments<typeof declarations.read>, [payload: string]>).toBe(true);
    expect(true satisfies Same<TaskResult<typeof declarations.read>, unknown>).toBe(true);
    expect(true satisfies Same<TaskArguments<typeof declarations.anything>, unknown[]>).toBe(true);
    expect(true satisfies Same<typeof holder.tasks.add.declaration, typeof declarations.add>).toBe(true);
    expect(true satisfies Same<typeof holder.queue, 'types'>).toBe(true);
    expect(true satisfies Same<typeof inline.tasks.add.declaration.argumentsCheckedBy, 'everyone'>).toBe(
      true,
    );
    expect(true satisfies Same<typeof inline.tasks.read.declaration.argumentsCheckedBy, 'caller'>).toBe(true);
    expect(true satisfies Same<TaskArguments<typeof inline.declarations.add>, [x: number]>).toBe(true);
    // @ts-expect-error: a holder has only the tasks that it declares
    expect(holder.tasks.subtract).toBeUndefined();
  });

  it('accept functions, promises, bound tasks, and shorter signatures', () => {
    implement(holder, {
      add: (y, x) => y + (x?.length ?? 0),
      read: (payload) => payload,
      anything: (a: string) => a,
    });
    implement(holder, { add: async (y) => Promise.resolve(y), read: () => 1, anything: () => undefined });
    implement(holder, {
      add: bound((context, y, x) => {
        expect(true satisfies Same<typeof y, number>).toBe(true);
        expect(true satisfies Same<typeof x, string | undefined>).toBe(true);
        return y + (x?.length ?? 0) + context.request.retries;
      }),
      read: bound((_context, payload) => [payload, true satisfies Same<typeof payload, unknown>]),
      anything: bound((_context, a: number, b: number) => a + b),
    });
    implement(holder, {
      add: withOptions({ timeLimit: 1 }, (y, x) => {
        expect(true satisfies Same<typeof y, number>).toBe(true);
        expect(true satisfies Same<typeof x, string | undefined>).toBe(true);
        return y + (x?.length ?? 0);
      }),
      read: withOptions({ maxRetries: null }, (payload) => [
        payload,
        true satisfies Same<typeof payload, unknown>,
      ]),
      anything: withOptions({}, (a: string) => a),
    });
    implement(holder, {
      add: withOptions(
        { autoretryFor: [TypeError] },
        bound((context, y, x) => {
          expect(true satisfies Same<typeof y, number>).toBe(true);
          expect(true satisfies Same<typeof x, string | undefined>).toBe(true);
          return y + (x?.length ?? 0) + context.request.retries;
        }),
      ),
      read: withOptions(
        {},
        bound((context, payload) => [payload, context.request.id]),
      ),
      anything: withOptions(
        {},
        bound((_context, a: number) => Promise.resolve(a)),
      ),
    });
    implement(inline, { add: withOptions({}, () => 'ND'), read: withOptions({}, (x) => x) });
    // a literal stays one
    const implemented: ImplementedHolder = implement(inline, { add: () => 'ND', read: (x) => x });
    expect(anyHolders).toContain(implemented.holder);
  });
});

/** Never called: what must not compile. */
export function mustNotCompile(): void {
  const read = (): number => 1;
  const anything = (): number => 1;
  // @ts-expect-error: 'read' is missing
  implement(holder, { add: (y) => y, anything });
  // @ts-expect-error: 'more' is not declared
  implement(holder, { add: (y) => y, read, anything, more: read });
  // @ts-expect-error: the first parameter is a number
  implement(holder, { add: (y: string) => y.length, read, anything });
  // @ts-expect-error: the second parameter may be undefined
  implement(holder, { add: (y: number, x: string) => y + x.length, read, anything });
  // @ts-expect-error: there is no third argument
  implement(holder, { add: (y: number, x: string | undefined, z: number) => y + z, read, anything });
  // @ts-expect-error: the result is a number
  implement(holder, { add: (y) => String(y), read, anything });
  // @ts-expect-error: the result is a number, also when promised
  implement(holder, { add: async (y) => Promise.resolve(String(y)), read, anything });
  // @ts-expect-error: the worker has not checked the payload
  implement(holder, { add: (y) => y, read: (payload: string) => payload, anything });
  // @ts-expect-error: a bound task's arguments are checked too
  implement(holder, { add: bound((_context, y: string) => y.length), read, anything });
  // @ts-expect-error: and so is its result
  implement(holder, { add: bound((_context, y) => String(y)), read, anything });
  const boundToText = bound((_context, y: string) => y.length);
  const boundGivingText = bound((_context, y: number) => String(y));
  // @ts-expect-error: options change nothing about the arguments
  implement(holder, { add: withOptions({}, (y: string) => y.length), read, anything });
  // @ts-expect-error: nor about those of a bound task
  implement(holder, { add: withOptions({}, boundToText), read, anything });
  // @ts-expect-error: nor about the result
  implement(holder, { add: withOptions({}, (y) => String(y)), read, anything });
  // @ts-expect-error: nor about that of a bound task
  implement(holder, { add: withOptions({}, boundGivingText), read, anything });
  // @ts-expect-error: a literal result is no other text
  implement(inline, { add: withOptions({}, () => 'DN'), read });
  // @ts-expect-error: there is no option of that name
  withOptions({ timelimit: 1 }, read);
  // @ts-expect-error: times are numbers
  withOptions({ timeLimit: '1' }, read);
  // @ts-expect-error: a class, not an error
  withOptions({ autoretryFor: [new TypeError()] }, read);
}
