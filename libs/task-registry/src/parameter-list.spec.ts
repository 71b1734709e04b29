import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { Type } from '@sinclair/typebox';

import { createParameterList } from './parameter-list.ts';

describe('createParameterList', () => {
  it('keeps the order and counts the required ones', () => {
    const list = createParameterList([
      ['b', Type.String()],
      ['a', Type.Optional(Type.String())],
    ]);
    expect(list.parameters.map(({ name, isOptional }) => [name, isOptional])).toEqual([
      ['b', false],
      ['a', true],
    ]);
    expect(list.requiredCount).toBe(1);
    expect([...list.positions]).toEqual([
      ['b', 0],
      ['a', 1],
    ]);
  });

  it.each([[''], ['1st'], ['a-b'], ['a b'], ['a.b']])('refuses the name %j', (name) => {
    expect(() => createParameterList([[name, Type.String()]])).toThrow(
      new ImproperlyConfiguredError(
        `A parameter's name must be a Python identifier, got ${JSON.stringify(name)}`,
      ),
    );
  });

  it('takes the identifiers that Python takes', () => {
    expect(createParameterList([['größe_2', Type.String()]]).positions.get('größe_2')).toBe(0);
  });

  it('refuses a name used twice', () => {
    expect(() =>
      createParameterList([
        ['x', Type.String()],
        ['x', Type.String()],
      ]),
    ).toThrow(/'x' is declared twice/);
  });

  it('refuses a required parameter after an optional one', () => {
    expect(() =>
      createParameterList([
        ['x', Type.Optional(Type.String())],
        ['y', Type.String()],
      ]),
    ).toThrow(/'y' is required and follows an optional one/);
  });
});
