import { Type } from '@sinclair/typebox';

import { defineTask, plainTask } from './task-declaration.ts';

describe('defineTask', () => {
  it('lets everyone check the arguments unless told otherwise', () => {
    expect(defineTask({ parameters: [] }).argumentsCheckedBy).toBe('everyone');
    expect(defineTask({ parameters: [], argumentsCheckedBy: 'caller' }).argumentsCheckedBy).toBe('caller');
  });

  it('refuses parameters that cannot be bound', () => {
    expect(() => defineTask({ parameters: [['a b', Type.String()]] })).toThrow(/identifier/);
  });
});

describe('plainTask', () => {
  it('has no schema, and a name when given one', () => {
    expect(plainTask()).toEqual({ kind: 'plain', name: undefined, description: undefined });
    expect(plainTask({ name: 'shop.greet' }).name).toBe('shop.greet');
  });
});
