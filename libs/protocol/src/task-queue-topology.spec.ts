import type { RecordedAction } from '@celeriac/testing';
import { loadVectors } from '@celeriac/testing';
import { broadcastQueue, directQueue, type TaskQueue } from './task-queue.ts';
import { joinTopologies, taskQueueTopology } from './task-queue-topology.ts';
import { declaredBy, wireDeclarations } from './testing/wire-declarations.ts';

function traceOf(stem: string, name: string): readonly RecordedAction[] {
  const recorded = loadVectors(stem).cases.find((one) => one.name === name);
  if (recorded === undefined) throw new Error(`no recording ${stem}: ${name}`);
  const { trace, declarations } = recorded;
  return (
    trace ??
    (declarations as Record<string, unknown>[]).map((each) => ({ action: String(each['method']), ...each }))
  );
}

describe('taskQueueTopology beside what Python declares', () => {
  it.each<[stem: string, recording: string, queues: readonly (string | TaskQueue)[], only: string]>([
    ['calculator', 'publish_addition', ['addition'], '"addition"'],
    ['worker-startup', 'startup_Q', ['q_one', 'q_two'], '"q_'],
    ['worker-startup', 'startup_max_priority', [{ name: 'prioq2', maxPriority: 10 }], '"prioq2"'],
    ['quorum-native-delay', 'startup_quorum_direct', [{ name: 'qd', queueType: 'quorum' }], '"qd"'],
    [
      'task-messages',
      'topic_exchange',
      [{ name: 'topicq', exchange: 'topicx', exchangeType: 'topic', routingKey: 'task.default' }],
      '"topic',
    ],
    [
      'task-messages',
      'quorum_queue',
      [{ name: 'quorumq', exchange: 'quorumx', exchangeType: 'topic', queueType: 'quorum' }],
      '"quorum',
    ],
    ['task-messages', 'queue_max_priority', [{ name: 'prio10', maxPriority: 10 }], '"prio10"'],
  ])('%s: %s', (stem, recording, queues, only) => {
    const expected = declaredBy(traceOf(stem, recording), only);
    expect(expected.length).toBeGreaterThanOrEqual(3);
    expect(wireDeclarations(taskQueueTopology(queues))).toEqual(expected);
  });

  it('worker-startup: startup_direct_broadcast', () => {
    const expected = declaredBy(
      traceOf('worker-startup', 'startup_direct_broadcast'),
      '"celery"',
      'bc_tasks',
      'bcast.',
      'dq2',
    );
    const bcast = expected.flatMap(({ queue }) =>
      String(queue).startsWith('bcast.') ? [String(queue)] : [],
    )[0];
    const queues = ['celery', { ...broadcastQueue('bc_tasks'), name: bcast ?? '' }, directQueue('wd@vec')];
    expect(wireDeclarations(taskQueueTopology(queues))).toEqual(expected);
  });
});

describe('taskQueueTopology', () => {
  it('declares nothing of a queue that is not to be declared', () => {
    expect(taskQueueTopology([{ name: 'q', noDeclare: true }])).toEqual({
      exchanges: [],
      queues: [],
      bindings: [],
    });
  });

  it('binds nothing to the default exchange', () => {
    const { exchanges, queues, bindings } = taskQueueTopology([{ name: 'q', exchange: '' }]);
    expect([exchanges, queues.map(({ name }) => name), bindings]).toEqual([[], ['q'], []]);
  });

  it("binds to RabbitMQ's own exchanges and does not declare them", () => {
    const { exchanges, bindings } = taskQueueTopology([
      { name: 'q', exchange: 'amq.topic', exchangeType: 'topic' },
    ]);
    expect([exchanges, bindings]).toEqual([[], [{ queue: 'q', exchange: 'amq.topic', routingKey: 'q' }]]);
  });

  it('gives exchange and binding their arguments', () => {
    const { exchanges, bindings } = taskQueueTopology([
      {
        name: 'q',
        exchangeType: 'headers',
        exchangeArguments: { 'alternate-exchange': 'lost' },
        bindingArguments: { 'x-match': 'all', tenant: 'acme' },
      },
    ]);
    expect(exchanges[0]).toMatchObject({ type: 'headers', arguments: { 'alternate-exchange': 'lost' } });
    expect(bindings[0]).toMatchObject({ arguments: { 'x-match': 'all', tenant: 'acme' } });
  });

  it('has the options checked', () => {
    expect(() => taskQueueTopology([{ name: 'q', maxPriority: 300 }])).toThrow('TaskQueue.maxPriority');
  });
});

describe('joinTopologies', () => {
  it('keeps the order', () => {
    const { exchanges, queues, bindings, exchangeBindings } = joinTopologies([
      taskQueueTopology(['a']),
      {
        exchanges: [],
        queues: [],
        bindings: [],
        exchangeBindings: [{ destination: 'a', source: 's', routingKey: '#' }],
      },
      taskQueueTopology(['b']),
    ]);
    const names = [exchanges, queues].map((some) => some.map(({ name }) => name));
    expect(names).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect([bindings.length, exchangeBindings?.length]).toEqual([2, 1]);
  });
});
