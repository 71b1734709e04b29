import { derivedTaskId } from './derived-task-id.ts';

describe('derivedTaskId', () => {
  it('is a UUID of version 5, the same for the same call of the same task', () => {
    const id = derivedTaskId('a-parent', 'callbacks.0');
    expect(id).toBe('d13c4f52-77d4-5d30-96b3-98a6e7163aa1');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('differs for other tasks and other calls', () => {
    const ids = ['a', 'b'].flatMap((parent) =>
      ['callbacks.0', 'callbacks.1', 'chain', 'errbacks'].map((position) => derivedTaskId(parent, position)),
    );
    expect(new Set(ids).size).toBe(8);
  });
});
