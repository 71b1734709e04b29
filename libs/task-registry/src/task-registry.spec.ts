import { ImproperlyConfiguredError } from '@celeriac/primitives';

import { implement } from './implement.ts';
import { plainTask } from './task-declaration.ts';
import { defineHolder } from './task-holder.ts';
import { TaskRegistry } from './task-registry.ts';

const shop = implement(defineHolder('shop', { sell: plainTask(), greet: plainTask() }), {
  sell: () => 'sold',
  greet: () => 'hello',
});

describe('TaskRegistry', () => {
  it('finds tasks by name, in order of registration', () => {
    const registry = new TaskRegistry();
    registry.register(shop);
    registry.register(implement(defineHolder('bank', { pay: plainTask() }), { pay: () => 'paid' }));
    expect(registry.names()).toEqual(['sell', 'greet', 'pay']);
    expect(registry.get('pay')).toMatchObject({ name: 'pay', queue: 'bank' });
    expect(registry.has('sell')).toBe(true);
  });

  it.each(['nobody', 'constructor', '__proto__', ''])('knows no task %j', (name) => {
    const registry = new TaskRegistry();
    registry.register(shop);
    expect(registry.get(name)).toBeUndefined();
    expect(registry.has(name)).toBe(false);
  });

  it('refuses a second task of a name, and then keeps none of its holder', () => {
    const registry = new TaskRegistry();
    registry.register(shop);
    const bank = implement(defineHolder('bank', { pay: plainTask(), greet: plainTask() }), {
      pay: () => 'paid',
      greet: () => 'good day',
    });
    expect(() => {
      registry.register(bank);
    }).toThrow(
      new ImproperlyConfiguredError(
        "Task 'greet' of queue 'bank' is registered already, for queue 'shop'; rename one of the two",
      ),
    );
    expect(registry.names()).toEqual(['sell', 'greet']);
  });
});
