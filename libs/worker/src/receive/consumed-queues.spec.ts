import { broadcastQueue, type TaskQueue } from '@celeriac/protocol';
import type { Topology } from '@celeriac/amqp-transport';
import { loadVectors, type RecordedAction } from '@celeriac/testing';
import { consumedQueues, withDirectQueue } from './consumed-queues.ts';
import { resolveWorkerSettings, type WorkerSettings } from '../worker-settings.ts';

const nodeName = 'wd@vec';
const qq: TaskQueue = { name: 'qq', exchange: 'qqx', exchangeType: 'topic', queueType: 'quorum' };
const qd: TaskQueue = { name: 'qd', queueType: 'quorum' };

/** Of remote control, events, gossip and replies, not of task queues. */
const isOfTheWorkerItself = /pidbox|celeryev|"exchange":"default"/;

function consumed(given: readonly (string | TaskQueue)[], changes: Partial<WorkerSettings> = {}) {
  const settings = resolveWorkerSettings(changes);
  return consumedQueues({ queues: withDirectQueue(given, nodeName, settings), settings });
}

/** What was declared in a recording for task queues, one line each. */
function recordedDeclarations(stem: string, name: string): string[] {
  const trace = loadVectors(stem).cases.find((one) => one.name === name)?.trace ?? [];
  const lines = trace
    .filter((step) => !isOfTheWorkerItself.test(JSON.stringify(step)))
    .flatMap((step) => recordedLine(step as RecordedAction & Readonly<Record<string, unknown>>));
  return [...new Set(lines.map(withoutBroadcastId))].sort();
}

function recordedLine(step: RecordedAction & Readonly<Record<string, unknown>>): string[] {
  const { action, exchange, routing_key: key, arguments: given = {} } = step;
  const args = JSON.stringify(given);
  switch (action) {
    case 'exchange.declare':
      return [
        `exchange ${String(exchange)} ${String(step['type'])} durable=${String(step['durable'])} ${args}`,
      ];
    case 'queue.declare':
      return [
        queueLine(String(step['queue']), step['durable'], step['exclusive'], step['auto_delete'], args),
      ];
    case 'queue.bind':
      return [`${String(step['queue'])} from ${String(exchange)} by ${String(key)} ${args}`];
    case 'exchange.bind':
      return [`exchange ${String(step['destination'])} from ${String(step['source'])} by ${String(key)}`];
    default:
      return [];
  }
}

function queueLine(
  name: string,
  durable: unknown,
  exclusive: unknown,
  autoDelete: unknown,
  args: string,
): string {
  return `queue ${name} durable=${String(durable)} exclusive=${String(exclusive)} auto_delete=${String(autoDelete)} ${args}`;
}

function declarations({ exchanges, queues, bindings, exchangeBindings = [] }: Topology): string[] {
  const text = (given: unknown) => JSON.stringify(given ?? {});
  return [
    ...exchanges.map(
      ({ name, type, durable, ...rest }) =>
        `exchange ${name} ${type} durable=${String(durable)} ${text(rest.arguments)}`,
    ),
    ...queues.map(({ name, durable, exclusive, autoDelete, ...rest }) =>
      queueLine(name, durable, exclusive, autoDelete, text(rest.arguments)),
    ),
    ...bindings.map(
      ({ queue, exchange, routingKey, ...rest }) =>
        `${queue} from ${exchange} by ${routingKey} ${text(rest.arguments)}`,
    ),
    ...exchangeBindings.map(
      ({ destination, source, routingKey }) => `exchange ${destination} from ${source} by ${routingKey}`,
    ),
  ]
    .map(withoutBroadcastId)
    .sort();
}

function withoutBroadcastId(line: string): string {
  return line.replace(/bcast\.[-\da-f]{36}/, 'bcast.<id>');
}

describe('consumedQueues', () => {
  it.each<[string, string, readonly (string | TaskQueue)[], Partial<WorkerSettings>]>([
    ['worker-startup', 'startup_Q', ['q_one', 'q_two'], {}],
    [
      'worker-startup',
      'startup_direct_broadcast',
      ['celery', broadcastQueue('bc_tasks')],
      { workerDirect: true },
    ],
    ['quorum-native-delay', 'startup_quorum_native_delayed', [qq], {}],
  ])('declares what the worker of %s: %s declared', (stem, name, queues, settings) => {
    const recorded = recordedDeclarations(stem, name);
    expect(recorded.length).toBeGreaterThan(2);
    expect(declarations(consumed(queues, settings).topology)).toEqual(recorded);
  });

  it('declares of startup_quorum_direct the queue alone: a direct exchange has no patterns for delays', () => {
    const recorded = recordedDeclarations('quorum-native-delay', 'startup_quorum_direct');
    const own = recorded.filter((line) => !line.includes('celery_delayed'));
    expect(declarations(consumed([qd]).topology)).toEqual(own);
    expect(own.length).toBeLessThan(recorded.length); // Celery declares what no message can reach
  });

  it('declares a queue that is given by its name as the settings say', () => {
    const settings = { taskQueueMaxPriority: 9, taskDefaultQueueType: 'quorum' } as const;
    const { topology } = consumed(['plain', { name: 'classic', queueType: 'classic' }], settings);
    expect(topology.queues.map(({ name, arguments: given }) => [name, given])).toEqual([
      ['plain', { 'x-queue-type': 'quorum' }],
      ['classic', { 'x-max-priority': 9 }],
    ]);
  });

  it('gives a broadcast queue of its own to each worker, which goes with it', () => {
    const [first, second] = [consumed([broadcastQueue('all')]), consumed([broadcastQueue('all')])];
    expect(first.names).not.toEqual(second.names);
    expect(first.topology.exchanges).toEqual([
      { name: 'all', type: 'fanout', durable: true, autoDelete: false },
    ]);
    expect(first.topology.queues).toMatchObject([{ autoDelete: true }]);
  });

  it('consumes a queue once that several holders share; the last options count', () => {
    const { names, topology } = consumed(['shop', 'other', { name: 'shop', maxPriority: 5 }]);
    expect(names).toEqual(['shop', 'other']);
    expect(topology.queues.find(({ name }) => name === 'shop')?.arguments).toEqual({ 'x-max-priority': 5 });
  });
});
