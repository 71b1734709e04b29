import { PythonError } from '@celeriac/protocol';
import { Type } from '@sinclair/typebox';
import fc from 'fast-check';

import { bindArguments } from './bind-arguments.ts';
import { createParameterList } from './parameter-list.ts';
import type { ParameterList } from './parameter-list.ts';

/** `x y? z?`: names in order, a question mark for an optional one. */
function listOf(names: string): ParameterList {
  const words = names.split(' ').filter((word) => word !== '');
  return createParameterList(
    words.map((word) =>
      word.endsWith('?') ? [word.slice(0, -1), Type.Optional(Type.Unknown())] : [word, Type.Unknown()],
    ),
  );
}

function failureOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('It was expected to throw, and did not');
}

describe('bindArguments', () => {
  it.each([
    ['', [], {}, []],
    ['x', [1], {}, [1]],
    ['x y', [1, 2], {}, [1, 2]],
    ['x y', [1], { y: 2 }, [1, 2]],
    ['x y', [], { y: 2, x: 1 }, [1, 2]],
    ['x y?', [1], {}, [1, undefined]],
    ['x y? z?', [1], { z: 3 }, [1, undefined, 3]],
    ['x y? z?', [], { x: null }, [null, undefined, undefined]],
  ])('binds to (%s): %j and %j', (names, args, kwargs, bound) => {
    expect(bindArguments('f', listOf(names), args, kwargs)).toEqual(bound);
  });

  it('gives the very array that needs no binding', () => {
    const args = [1, 2];
    expect(bindArguments('f', listOf('x y'), args, {})).toBe(args);
  });

  it('leaves the arguments of the message as they are', () => {
    const args = [1];
    bindArguments('f', listOf('x y'), args, { y: 2 });
    expect(args).toEqual([1]);
  });

  // recorded with CPython 3.11.7: def f(x): pass; f(*args, **kwargs), and so on
  it.each([
    ['', [1], {}, 'f() takes 0 positional arguments but 1 was given'],
    ['', [1, 2], {}, 'f() takes 0 positional arguments but 2 were given'],
    ['', [], { q: 1 }, "f() got an unexpected keyword argument 'q'"],
    ['x', [], {}, "f() missing 1 required positional argument: 'x'"],
    ['x', [1, 2], {}, 'f() takes 1 positional argument but 2 were given'],
    ['x', [1], { q: 1 }, "f() got an unexpected keyword argument 'q'"],
    ['x', [1], { x: 1 }, "f() got multiple values for argument 'x'"],
    ['x', [], { q: 1 }, "f() got an unexpected keyword argument 'q'"],
    ['x', [1, 2, 3], { x: 2 }, "f() got multiple values for argument 'x'"],
    ['x', [1, 2], { q: 1 }, "f() got an unexpected keyword argument 'q'"],
    ['x', [1], { q: 1, x: 2 }, "f() got an unexpected keyword argument 'q'"],
    ['x', [1], { x: 2, q: 1 }, "f() got multiple values for argument 'x'"],
    ['x', [1], { "it's": 1 }, "f() got an unexpected keyword argument 'it's'"],
    ['x', [1], { 'a\nb': 1 }, "f() got an unexpected keyword argument 'a\nb'"],
    ['x y', [], {}, "f() missing 2 required positional arguments: 'x' and 'y'"],
    ['x y', [1], {}, "f() missing 1 required positional argument: 'y'"],
    ['x y', [], { y: 1 }, "f() missing 1 required positional argument: 'x'"],
    ['x y', [1, 2, 3], {}, 'f() takes 2 positional arguments but 3 were given'],
    ['x y', [1, 2, 3], { y: 1 }, "f() got multiple values for argument 'y'"],
    ['x y z', [], {}, "f() missing 3 required positional arguments: 'x', 'y', and 'z'"],
    ['x y z', [], { y: 1 }, "f() missing 2 required positional arguments: 'x' and 'z'"],
    ['w x y z', [], {}, "f() missing 4 required positional arguments: 'w', 'x', 'y', and 'z'"],
    ['x?', [1, 2], {}, 'f() takes from 0 to 1 positional arguments but 2 were given'],
    ['x y?', [], {}, "f() missing 1 required positional argument: 'x'"],
    ['x y?', [1, 2, 3], {}, 'f() takes from 1 to 2 positional arguments but 3 were given'],
    ['x y?', [], { y: 3 }, "f() missing 1 required positional argument: 'x'"],
    ['x y? z?', [1, 2, 3, 4], {}, 'f() takes from 1 to 3 positional arguments but 4 were given'],
  ])('refuses for (%s): %j and %j', (names, args, kwargs, text) => {
    const failure = failureOf(() => bindArguments('f', listOf(names), args, kwargs));
    expect(failure).toBeInstanceOf(PythonError);
    expect(failure).toMatchObject({ excType: 'TypeError', excModule: 'builtins', excArgs: [text] });
  });

  it('names the function, not its modules', () => {
    const failure = failureOf(() => bindArguments('shop.tasks.f', listOf('x'), [], {}));
    expect(failure).toMatchObject({ excArgs: ["f() missing 1 required positional argument: 'x'"] });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('knows no keyword %s', (name) => {
    const kwargs = JSON.parse(`{"${name}": {"polluted": true}}`) as Record<string, unknown>;
    const failure = failureOf(() => bindArguments('f', listOf('x?'), [], kwargs));
    expect(failure).toMatchObject({ excArgs: [`f() got an unexpected keyword argument '${name}'`] });
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it.each(['__proto__', 'constructor'])('binds a declared %s like any other', (name) => {
    const kwargs = JSON.parse(`{"${name}": 1}`) as Record<string, unknown>;
    expect(bindArguments('f', listOf(name), [], kwargs)).toEqual([1]);
    expect(failureOf(() => bindArguments('f', listOf(name), [], {}))).toBeInstanceOf(PythonError);
  });

  it('fills in the default of a schema, a new one for each call', () => {
    const list = createParameterList([
      ['x', Type.Optional(Type.Integer({ default: 3 }))],
      ['y', Type.Optional(Type.Array(Type.String(), { default: [] }))],
    ]);
    const first = bindArguments('f', list, [], {});
    const second = bindArguments('f', list, [], {});
    expect(first).toEqual([3, []]);
    expect(second[1]).not.toBe(first[1]);
  });

  it('binds what a model binds, and refuses what it refuses', () => {
    const call = fc.record({
      names: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }),
      required: fc.nat(4),
      args: fc.array(fc.integer(), { maxLength: 5 }),
      kwargs: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer(), { maxKeys: 4 }),
    });
    fc.assert(
      fc.property(call, ({ names, required, args, kwargs }) => {
        const list = listOf(names.map((name, at) => (at < required ? name : `${name}?`)).join(' '));
        const expected = model(names, required, args, kwargs);
        if (expected === undefined) {
          expect(failureOf(() => bindArguments('f', list, args, kwargs))).toBeInstanceOf(PythonError);
        } else {
          expect(bindArguments('f', list, args, kwargs)).toEqual(expected);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** Binding in one sentence: each argument has one place, each place one argument, and the required places are filled. */
function model(
  names: readonly string[],
  required: number,
  args: readonly number[],
  kwargs: Readonly<Record<string, number>>,
): (number | undefined)[] | undefined {
  const placed = new Map([...args.map((value, at): [string | undefined, number] => [names[at], value])]);
  const given = [...args.keys()].map((at) => names[at]).concat(Object.keys(kwargs));
  const isFitting = given.every((name) => name !== undefined && names.includes(name));
  if (!isFitting || new Set(given).size < given.length) return undefined;
  for (const [name, value] of Object.entries(kwargs)) placed.set(name, value);
  if (!names.slice(0, required).every((name) => placed.has(name))) return undefined;
  return names.map((name) => placed.get(name));
}
