import { QueueNotFoundError, TaskQueues } from './task-queues.ts';
import { broadcastQueue } from './task-queue.ts';

describe('TaskQueues', () => {
  it('knows queues by name and alias', () => {
    const all = broadcastQueue('reload');
    const queues = new TaskQueues({ queues: ['a', { name: 'b', maxPriority: 3 }, all] });
    expect(queues.known.map(({ name }) => name)).toEqual(['a', 'b', all.name]);
    expect(queues.get('b').queueArguments).toEqual({ 'x-max-priority': 3 });
    expect(queues.get('reload')).toMatchObject({ name: all.name, exchange: 'reload' });
    expect([queues.has('a'), queues.has('reload'), queues.has('c')]).toEqual([true, true, false]);
  });

  it('creates what is missing, once', () => {
    const queues = new TaskQueues({ createMissingQueueType: 'quorum' });
    const created = queues.get('new');
    expect(created).toMatchObject({
      name: 'new',
      exchange: 'new',
      queueArguments: { 'x-queue-type': 'quorum' },
    });
    expect(queues.get('new')).toBe(created);
    expect(queues.has('new')).toBe(true);
  });

  it('names what is missing and what is known where nothing may be created', () => {
    const queues = new TaskQueues({ queues: ['a', 'b'], createMissing: false });
    const get = (): unknown => queues.get('c');
    expect(get).toThrow(QueueNotFoundError);
    expect(get).toThrow('queue c is not among task_queues (known: a, b)');
    expect(() => new TaskQueues({ createMissing: false }).get('c')).toThrow('(known: none)');
    expect(queues.get('a').name).toBe('a');
  });

  it('gives classic queues the priority that they lack', () => {
    const queues = new TaskQueues({
      queues: [
        'a',
        { name: 'own', queueArguments: { 'x-max-priority': 2 } },
        { name: 'q', queueType: 'quorum' },
      ],
      maxPriority: 10,
    });
    const priorityOf = (name: string): unknown => queues.get(name).queueArguments['x-max-priority'];
    expect(['a', 'own', 'q', 'missing'].map(priorityOf)).toEqual([10, 2, undefined, 10]);
  });

  it('takes a definition that it does not know', () => {
    const queues = new TaskQueues({ createMissing: false });
    expect(queues.get({ name: 'x', exchangeType: 'topic' })).toMatchObject({
      exchange: 'x',
      exchangeType: 'topic',
    });
  });

  it('replaces a queue that is defined again', () => {
    const queues = new TaskQueues({ queues: ['a'] });
    queues.add({ name: 'a', maxPriority: 5 });
    expect(queues.known).toHaveLength(1);
    expect(queues.get('a').maxPriority).toBe(5);
  });

  it('tells at once what is wrong with the queues that it would create', () => {
    expect(() => new TaskQueues({ maxPriority: 300 })).toThrow('TaskQueue.maxPriority must be an integer');
    expect(() => new TaskQueues({ createMissingQueueType: 'stream' as 'quorum' })).toThrow(
      'TaskQueue.queueType',
    );
  });
});
