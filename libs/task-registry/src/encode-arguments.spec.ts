import { EncodeError, writeJson } from '@celeriac/protocol';
import { Type } from '@sinclair/typebox';

import { encodeArguments } from './encode-arguments.ts';
import { defineTask, plainTask } from './task-declaration.ts';

const task = defineTask({
  parameters: [
    ['x', Type.Number()],
    ['n', Type.Optional(Type.Integer())],
  ],
});

describe('encodeArguments', () => {
  it.each([
    [[7, 7], {}, '[7.0, 7]', '{}'],
    [[7], { n: 7 }, '[7.0]', '{"n": 7}'],
    [[], { x: 7 }, '[]', '{"x": 7.0}'],
    [[7, 7, 7], { unknown: 7 }, '[7.0, 7, 7]', '{"unknown": 7}'],
    [[null], {}, '[null]', '{}'],
  ])('writes %j %j by the schemas of the parameters', (args, kwargs, argsText, kwargsText) => {
    const encoded = encodeArguments(task, args, kwargs);
    expect(writeJson(encoded.args)).toBe(argsText);
    expect(writeJson(encoded.kwargs)).toBe(kwargsText);
  });

  it('leaves the arguments of a plain task as they are', () => {
    expect(writeJson(encodeArguments(plainTask(), [7, 7.5], {}).args)).toBe('[7, 7.5]');
  });

  it('refuses a fraction where the contract has an integer', () => {
    expect(() => encodeArguments(task, [1, 1.5])).toThrow(EncodeError);
  });
});
