import { IllegalStateError } from '@celeriac/primitives';
import { PythonError } from '@celeriac/protocol';
import { bound, defineHolder, defineTask, implement, plainTask } from '@celeriac/task-registry';
import { Type } from '@sinclair/typebox';
import { callableTasks } from './callable-tasks.ts';

const holder = defineHolder('shop', {
  add: defineTask({
    name: 'tasks.add',
    parameters: [
      ['x', Type.Number()],
      ['y', Type.Number()],
    ],
    result: Type.Number(),
  }),
  later: plainTask(),
  whoami: plainTask(),
  name: plainTask(),
});

const tasks = callableTasks(
  implement(holder, {
    add: (x, y) => x + y,
    later: (value: string) => Promise.resolve(`later ${value}`),
    whoami: bound((context) => context.request.id),
    name: bound((_context, text: string) => text.toUpperCase()),
  }),
);

describe('callableTasks', () => {
  it('runs a task where it is called, by its key', () => {
    expect(tasks.add(7, 2)).toBe(9);
  });

  it('gives the promise of a task that waits', async () => {
    await expect(tasks.later('today')).resolves.toBe('later today');
  });

  it('checks arguments as the worker does', () => {
    expect(() => tasks.add('7' as never, 2)).toThrow(PythonError);
    // @ts-expect-error -- one argument is missing
    expect(() => tasks.add(7)).toThrow("add() missing 1 required positional argument: 'y'");
  });

  it('runs a bound task that does not ask for its context, and refuses one that does', () => {
    expect(() => tasks.whoami()).toThrow(IllegalStateError);
    expect(() => tasks.whoami()).toThrow('task whoami was called directly and has no context');
  });
});
