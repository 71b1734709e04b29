import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { EncodeError, float, writeJson } from '@celeriac/protocol';
import { Type } from '@sinclair/typebox';
import type { TSchema } from '@sinclair/typebox';

import { compileNumberWriter, isIdentity } from './number-writer.ts';

const Tree = Type.Recursive((This) =>
  Type.Object({ weight: Type.Number(), count: Type.Integer(), children: Type.Array(This) }),
);
const Shapes = Type.Module({
  Circle: Type.Object({ kind: Type.Literal('circle'), radius: Type.Number() }),
  Drawing: Type.Array(Type.Ref('Circle')),
});
const Form = Type.Union([
  Type.Object({ kind: Type.Literal('exact'), value: Type.Integer() }),
  Type.Object({ kind: Type.Literal('near'), value: Type.Number() }),
]);

describe('compileNumberWriter', () => {
  it.each<[string, TSchema, unknown, string]>([
    ['a number', Type.Number(), 9, '9.0'],
    ['a number that is zero', Type.Number(), -0, '-0.0'],
    ['a number that is none', Type.Number(), NaN, 'NaN'],
    ['a number from a bigint', Type.Number(), 2n ** 70n, '1.1805916207174113e+21'],
    ['a number marked already', Type.Number(), float(9), '9.0'],
    ['an integer', Type.Integer(), 9, '9'],
    ['an integer that is minus zero', Type.Integer(), -0, '0'],
    ['an integer beyond the safe ones', Type.Integer(), 2 ** 70, '1180591620717411303424'],
    ['a bigint', Type.Integer(), 2n ** 70n, '1180591620717411303424'],
    ['another type than declared', Type.Number(), 'ND', '"ND"'],
    ['a literal number', Type.Literal(1), 1, '1'],
    ['an array', Type.Array(Type.Number()), [1, 2.5], '[1.0, 2.5]'],
    ['an array of integers', Type.Array(Type.Integer()), [1, 2], '[1, 2]'],
    ['a tuple', Type.Tuple([Type.Integer(), Type.Number()]), [1, 2], '[1, 2.0]'],
    [
      'an object',
      Type.Object({ a: Type.Number(), b: Type.Integer() }),
      { a: 1, b: 2, c: 3 },
      '{"a": 1.0, "b": 2, "c": 3}',
    ],
    [
      'an object with others',
      Type.Object({ a: Type.Integer() }, { additionalProperties: Type.Number() }),
      { a: 1, b: 2 },
      '{"a": 1, "b": 2.0}',
    ],
    ['an optional member', Type.Object({ a: Type.Optional(Type.Number()) }), {}, '{}'],
    [
      'a record',
      Type.Record(Type.String(), Type.Number()),
      { a: 1, constructor: 2 },
      '{"a": 1.0, "constructor": 2.0}',
    ],
    [
      'a record by pattern',
      Type.Record(Type.RegExp(/^n_/), Type.Number()),
      { n_1: 1, m_1: 1 },
      '{"n_1": 1.0, "m_1": 1}',
    ],
    [
      'an intersection',
      Type.Intersect([Type.Object({ a: Type.Number() }), Type.Object({ b: Type.Number() })]),
      { a: 1, b: 2 },
      '{"a": 1.0, "b": 2.0}',
    ],
    ['a union of number and literal', Type.Union([Type.Number(), Type.Literal('ND')]), 9, '9.0'],
    ['the literal of that union', Type.Union([Type.Number(), Type.Literal('ND')]), 'ND', '"ND"'],
    ['an integral value of a union', Type.Union([Type.Number(), Type.Integer()]), 9, '9'],
    ['a fraction of a union', Type.Union([Type.Integer(), Type.Number()]), 9.5, '9.5'],
    ['a literal number of a union', Type.Union([Type.Number(), Type.Literal(0)]), 0, '0'],
    ['null where it is allowed', Type.Union([Type.Null(), Type.Number()]), null, 'null'],
    ['a union of objects', Form, { kind: 'near', value: 1 }, '{"kind": "near", "value": 1.0}'],
    ['the other of these objects', Form, { kind: 'exact', value: 1 }, '{"kind": "exact", "value": 1}'],
    ['no member of a union', Form, { kind: 'far', value: 1 }, '{"kind": "far", "value": 1}'],
    ['a union of arrays', Type.Union([Type.Array(Type.String()), Type.Array(Type.Number())]), [1], '[1.0]'],
    ['several types', Type.Unsafe({ type: ['number', 'null'] }), 1, '1.0'],
    [
      'a recursive form',
      Tree,
      { weight: 1, count: 1, children: [{ weight: 2, count: 2, children: [] }] },
      '{"weight": 1.0, "count": 1, "children": [{"weight": 2.0, "count": 2, "children": []}]}',
    ],
    [
      'a form of a module',
      Shapes.Import('Drawing'),
      [{ kind: 'circle', radius: 1 }],
      '[{"kind": "circle", "radius": 1.0}]',
    ],
  ])('writes %s', (_name, schema, value, text) => {
    expect(writeJson(compileNumberWriter(schema)(value))).toBe(text);
  });

  it.each([[0.5], [NaN], [Infinity], [float(3)]])('refuses %p where the schema says integer', (value) => {
    expect(() => compileNumberWriter(Type.Integer())(value)).toThrow(EncodeError);
  });

  it.each<[string, TSchema]>([
    ['strings', Type.String()],
    ['anything', Type.Unknown()],
    ['objects without numbers', Type.Object({ a: Type.Array(Type.String()) })],
    ['constants', Type.Union([Type.Literal(1), Type.Literal('a')])],
  ])('does nothing for %s', (_name, schema) => {
    expect(isIdentity(compileNumberWriter(schema))).toBe(true);
  });

  it('changes no value that it is given', () => {
    const value = Object.freeze({ a: Object.freeze([1]) });
    expect(writeJson(compileNumberWriter(Type.Object({ a: Type.Array(Type.Number()) }))(value))).toBe(
      '{"a": [1.0]}',
    );
  });

  it('keeps a member named __proto__ a member', () => {
    const value: unknown = JSON.parse('{"__proto__": 1}');
    const written = compileNumberWriter(Type.Record(Type.String(), Type.Number()))(value);
    expect(Object.getPrototypeOf(written)).toBe(Object.prototype);
    expect(writeJson(written)).toBe('{"__proto__": 1.0}');
  });

  it('leaves alone an object that writes itself', () => {
    const value = { a: 1, toJSON: () => 'itself' };
    expect(compileNumberWriter(Type.Object({ a: Type.Number() }))(value)).toBe(value);
  });

  it('refuses a value that contains itself', () => {
    const value: { weight: number; count: number; children: unknown[] } = {
      weight: 1,
      count: 1,
      children: [],
    };
    value.children.push(value);
    expect(() => compileNumberWriter(Tree)(value)).toThrow(EncodeError);
  });

  it.each<[TSchema]>([[Type.Date()], [Type.BigInt()], [Type.Undefined()], [Type.Array(Type.Uint8Array())]])(
    'refuses a schema that is no JSON Schema: %j',
    (schema) => {
      expect(() => compileNumberWriter(schema)).toThrow(ImproperlyConfiguredError);
    },
  );

  it('refuses a reference that leads nowhere', () => {
    expect(() => compileNumberWriter(Type.Unsafe({ $ref: 'Nobody' }))).toThrow(/'Nobody'/);
  });
});
