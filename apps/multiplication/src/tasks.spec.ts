import { writeJson } from '@celeriac/protocol';
import { TaskRegistry } from '@celeriac/task-registry';

import { tasks } from './tasks.ts';

const registry = new TaskRegistry();
registry.register(tasks);

/** What a reply carries as its result. */
function resultOf(name: string, ...args: unknown[]): string {
  const task = registry.get(name);
  if (task === undefined) throw new Error(`No task '${name}'`);
  const needless = (): never => {
    throw new Error('The calculator has no bound tasks');
  };
  return writeJson(task.encodeResult(task.run(args, {}, needless)));
}

describe('the tasks of multiplication', () => {
  it.each([
    [{ num_1: 7, num_2: 2 }, '14.0'],
    [{ num_1: '4.5', num_2: ' 2_0e-1 ' }, '9.0'],
    [{ num_1: 'inf', num_2: true }, 'Infinity'],
    [{ num_1: 'nan', num_2: 1 }, 'NaN'],
  ])('answer %j with the float %s', (payload, text) => {
    expect(resultOf('multiply', payload)).toBe(text);
  });

  it.each([
    [[{ num_1: 'abc', num_2: null }], 'ValueError', "could not convert string to float: 'abc'"],
    [[{ num_1: 1 }], 'KeyError', 'num_2'],
    [[null], 'TypeError', "'NoneType' object is not subscriptable"],
    [[], 'TypeError', "multiply() missing 1 required positional argument: 'payload'"],
  ])('fail for %j with a %s', (args, excType, text) => {
    expect(() => resultOf('multiply', ...args)).toThrow(
      expect.objectContaining({ excType, excArgs: [text] }) as Error,
    );
  });

  it('answer with their verb when asked to fake it, whatever the payload', () => {
    expect(resultOf('fakemultiply', null)).toBe('"multiply"');
  });
});
