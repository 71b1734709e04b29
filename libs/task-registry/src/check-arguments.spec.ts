import { float, PythonScalar } from '@celeriac/protocol';
import { Type } from '@sinclair/typebox';
import type { TSchema } from '@sinclair/typebox';

import { checkArguments } from './check-arguments.ts';
import { defineTask, plainTask } from './task-declaration.ts';
import type { TaskDeclaration } from './task-declaration.ts';

const task = defineTask({
  parameters: [
    [
      'payload',
      Type.Object({
        num_1: Type.Union([Type.Integer(), Type.Number(), Type.String()]),
        num_2: Type.Number(),
      }),
    ],
    ['count', Type.Optional(Type.Integer({ minimum: 1 }))],
  ],
});
const good = { num_1: 1, num_2: 2 };

function only(schema: TSchema): TaskDeclaration {
  return defineTask({ parameters: [['x', schema]] });
}

describe('checkArguments', () => {
  it.each([
    [[good], {}],
    [[good, 3], {}],
    [[], { payload: good }],
    [[good], { count: 3 }],
    [[{ ...good, more: null }], {}],
    [[{ num_1: 'abc', num_2: Infinity }], {}],
    [[{ num_1: NaN, num_2: NaN }], {}],
    [[{ num_1: 2n ** 70n, num_2: float(9) }, 5n], {}],
  ])('accepts %p %p', (args, kwargs) => {
    expect(checkArguments(task, args, kwargs)).toEqual([]);
  });

  it.each([
    [[], {}, [['/args/0', "is required: parameter 'payload'"]]],
    [[null], {}, [['/args/0', 'must be an object, got null']]],
    [[[]], {}, [['/args/0', 'must be an object, got an array']]],
    [
      [{}],
      {},
      [
        ['/args/0/num_1', 'is required'],
        ['/args/0/num_2', 'is required'],
      ],
    ],
    [
      [{ num_1: null, num_2: 'a' }],
      {},
      [
        ['/args/0/num_1', 'must be a number or a string, got null'],
        ['/args/0/num_2', 'must be a number, got "a"'],
      ],
    ],
    [[good, 0], {}, [['/args/1', 'must be >= 1, got 0']]],
    [[good, 1.5], {}, [['/args/1', 'must be an integer, got 1.5']]],
    [[good, '1'], {}, [['/args/1', 'must be an integer, got "1"']]],
    [[good, 1, 2], {}, [['/args/2', 'takes from 1 to 2 positional arguments but 3 were given']]],
    [[], { payload: [] }, [['/kwargs/payload', 'must be an object, got an array']]],
    [[good], { payload: good }, [['/kwargs/payload', 'is given already, as /args/0']]],
    [[good], { 'a/b~c': 1 }, [['/kwargs/a~1b~0c', "is not a parameter; there are 'payload', 'count'"]]],
  ])('refuses %j %j', (args, kwargs, problems) => {
    expect(checkArguments(task, args, kwargs).map(({ path, message }) => [path, message])).toEqual(problems);
  });

  it.each(['__proto__', 'constructor'])('knows no parameter %s', (name) => {
    const kwargs = JSON.parse(`{"${name}": 1}`) as Record<string, unknown>;
    expect(checkArguments(task, [good], kwargs)).toMatchObject([{ path: `/kwargs/${name}` }]);
  });

  it.each([
    [Type.Literal('ND'), 'X', 'must be "ND", got "X"'],
    [Type.Union([Type.Number(), Type.Literal('ND')]), null, 'must be a number or "ND", got null'],
    [
      Type.Union([Type.Literal('a'), Type.Literal('b'), Type.Null()]),
      'c',
      'must be "a", "b" or null, got "c"',
    ],
    [Type.Unsafe({ enum: [1, 2] }), 3, 'must be 1 or 2, got 3'],
    [Type.Integer(), Infinity, 'must be <= 1.7976931348623157e+308, got Infinity'],
    [Type.Boolean(), new PythonScalar('decimal', '1'), 'must be a boolean, got "1"'],
    [Type.Boolean(), 'x'.repeat(100), `must be a boolean, got "${'x'.repeat(59)}…`],
    [Type.Boolean(), Buffer.from('a'), 'must be a boolean, got "YQ=="'],
    [Type.Unsafe({ type: ['integer', 'null'] }), 'a', 'must be an integer or null, got "a"'],
    [
      Type.Union([Type.Array(Type.String()), Type.Array(Type.Number())]),
      [null],
      'must match one of the forms of the contract, got an array',
    ],
  ])('says of %j, given %p: %s', (schema, value, message) => {
    expect(checkArguments(only(schema), [value])).toEqual([{ path: '/args/0', message }]);
  });

  it('says what is wrong inside the one member of a union that a value can be', () => {
    const schema = Type.Union([
      Type.Null(),
      Type.Object({ a: Type.Integer() }, { additionalProperties: false }),
    ]);
    expect(checkArguments(only(schema), [{ a: null, b: 1 }])).toEqual([
      { path: '/args/0/b', message: 'is not a known property' },
      { path: '/args/0/a', message: 'must be an integer, got null' },
    ]);
  });

  it('names no more than 20 problems of one argument', () => {
    expect(
      checkArguments(only(Type.Array(Type.String())), [Array.from({ length: 1000 }, () => 1)]),
    ).toHaveLength(20);
  });

  it('names no more than 20 problems of a call', () => {
    const kwargs = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, 1]));
    expect(checkArguments(task, [null], kwargs)).toHaveLength(20);
  });

  it('names the first problem of a large value alone', () => {
    const numbers = Array.from({ length: 500_000 }, () => 1);
    expect(checkArguments(only(Type.Array(Type.String())), [numbers])).toEqual([
      { path: '/args/0/0', message: 'must be a string, got 1' },
    ]);
    expect(checkArguments(only(Type.Array(Type.Number())), [numbers])).toEqual([]);
  });

  it('cuts names from outside', () => {
    const name = 'n'.repeat(1_000_000);
    const inner = Type.Object({}, { additionalProperties: false });
    const deep = only(Type.Record(Type.String(), Type.Record(Type.String(), inner)));
    const problems = [
      ...checkArguments(task, [good], { [name]: 1 }),
      ...checkArguments(only(inner), [{ [name]: 1 }]),
      ...checkArguments(deep, [{ [name]: { [name]: 1 } }]),
    ];
    expect(problems.map(({ path }) => path.slice(0, 14))).toEqual([
      '/kwargs/nnnnnn',
      '/args/0/nnnnnn',
      '/args/0/nnnnnn',
    ]);
    for (const { path, message } of problems) expect(path.length + message.length).toBeLessThan(500);
  });

  it('lets a plain task have any arguments', () => {
    expect(checkArguments(plainTask(), [1, null], { a: 1 })).toEqual([]);
  });

  it('names the parameter whose schema cannot be used', () => {
    expect(() => checkArguments(only(Type.String({ format: 'nonsense' })), ['a'])).toThrow(
      /^The schema of parameter 'x' cannot be used: unknown format "nonsense"/,
    );
  });
});
