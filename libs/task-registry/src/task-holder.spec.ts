import { ImproperlyConfiguredError } from '@celeriac/primitives';

import { plainTask } from './task-declaration.ts';
import { defineHolder } from './task-holder.ts';

describe('defineHolder', () => {
  it('gives each task its queue and its name on the wire', () => {
    const greet = plainTask({ name: 'shop.tasks.greet' });
    const holder = defineHolder('shop', { greet, part: plainTask() });
    expect(holder.queue).toBe('shop');
    expect(holder.tasks.greet).toEqual({ name: 'shop.tasks.greet', queue: 'shop', declaration: greet });
    expect(holder.tasks.part.name).toBe('part');
  });

  it.each([
    ['', /must have a name/],
    ['ü'.repeat(128), /at most 255 bytes, got 256/],
  ])('refuses the queue %j', (queue, text) => {
    expect(() => defineHolder(queue, {})).toThrow(ImproperlyConfiguredError);
    expect(() => defineHolder(queue, {})).toThrow(text);
  });

  it('takes a queue of 255 bytes', () => {
    expect(defineHolder('q'.repeat(255), {}).tasks).toEqual({});
  });

  it('refuses two tasks of one name', () => {
    expect(() => defineHolder('shop', { greet: plainTask(), hello: plainTask({ name: 'greet' }) })).toThrow(
      new ImproperlyConfiguredError("Queue 'shop': tasks 'greet' and 'hello' are both named 'greet'"),
    );
  });

  it('refuses a task without a name', () => {
    expect(() => defineHolder('shop', { greet: plainTask({ name: '' }) })).toThrow(/must not be empty/);
  });
});
