import { selectQueues } from './select-queues.ts';

describe('selectQueues', () => {
  it.each([
    [{}, ['a', 'b']],
    [{ queues: ['b', 'c'] }, ['b', 'c']],
    [{ excludeQueues: ['b', 'x'] }, ['a']],
    [{ queues: ['b', 'c'], excludeQueues: ['b'] }, ['c']],
  ])('takes %j of a and b', (selection, selected) => {
    expect(selectQueues(['a', 'b'], selection)).toEqual(selected);
  });

  it('refuses to leave none', () => {
    expect(() => selectQueues(['a'], { excludeQueues: ['a', 'b'] })).toThrow(
      'no queue is left of a without a, b',
    );
  });
});
