import { nothingToDeclare, taskDestination, type DestinedCall } from './task-destination.ts';
import { broadcastQueue, directQueue, resolveTaskQueue, type TaskQueue } from './task-queue.ts';

const topic: TaskQueue = {
  name: 'topicq',
  exchange: 'topicx',
  exchangeType: 'topic',
  routingKey: 'task.default',
};
const quorum: TaskQueue = { name: 'qq', exchange: 'qqx', exchangeType: 'topic', queueType: 'quorum' };

function destined(call: Partial<DestinedCall>, queue: string | TaskQueue) {
  const { declaration, ...destination } = taskDestination(
    { delayMs: 0, ...call },
    resolveTaskQueue(queue),
    'quorum',
  );
  return { ...destination, declares: declaration.name };
}

describe('taskDestination', () => {
  it.each<[string, Partial<DestinedCall>, string | TaskQueue, [string, string]]>([
    ['a direct queue', {}, 'q', ['', 'q']],
    ['a direct queue, whatever key', { routingKey: 'k' }, 'q', ['', 'q']],
    ['a direct queue, whatever exchange', { exchange: 'x' }, 'q', ['', 'q']],
    ["a worker's queue", {}, directQueue('w1@host'), ['', 'w1@host.dq2']],
    ['a queue of the default exchange', {}, { ...topic, exchange: '' }, ['', 'topicq']],
    ['a topic queue', {}, topic, ['topicx', 'task.default']],
    ['a topic queue with a key', { routingKey: 'task.urgent' }, topic, ['topicx', 'task.urgent']],
    ['a topic queue with an exchange', { exchange: 'other' }, topic, ['other', 'task.default']],
    ['an exchange and a key', { exchange: 'x', routingKey: 'k' }, 'q', ['x', 'k']],
    ['the default exchange and a key', { exchange: '', routingKey: 'k' }, topic, ['', 'k']],
    ['a classic topic queue, later', { delayMs: 5000 }, topic, ['topicx', 'task.default']],
    ['a direct quorum queue, later', { delayMs: 5000 }, { name: 'qd', queueType: 'quorum' }, ['', 'qd']],
    ['a quorum queue, at once', {}, quorum, ['qqx', 'qq']],
    ['a quorum queue, in half a second', { delayMs: 500 }, quorum, ['qqx', 'qq']],
    ['a quorum queue, in the past', { delayMs: -5000 }, quorum, ['qqx', 'qq']],
    [
      'a quorum queue, later',
      { delayMs: 5000 },
      quorum,
      ['celery_delayed_27', '0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.1.qq'],
    ],
    ['an exchange and a key, later', { exchange: 'x', routingKey: 'k', delayMs: 5000 }, quorum, ['x', 'k']],
  ])('sends to %s', (_what, call, queue, [exchange, routingKey]) => {
    expect(destined(call, queue)).toMatchObject({ exchange, routingKey, mandatory: true });
  });

  it('declares nothing for an exchange and a key', () => {
    const { declaration } = taskDestination(
      { exchange: 'x', routingKey: 'k', delayMs: 0 },
      resolveTaskQueue('q'),
      'quorum',
    );
    expect(declaration).toBe(nothingToDeclare);
    expect(declaration.topology()).toEqual({ exchanges: [], queues: [], bindings: [] });
  });

  it('declares the exchange alone of a broadcast, which nobody needs to consume', () => {
    const { exchange, routingKey, mandatory, declaration } = taskDestination(
      { delayMs: 5000 },
      resolveTaskQueue(broadcastQueue('reload')),
      'quorum',
    );
    expect([exchange, routingKey, mandatory]).toEqual(['reload', 'celery', false]);
    expect(declaration.topology()).toEqual({
      exchanges: [{ name: 'reload', type: 'fanout', durable: true, autoDelete: false }],
      queues: [],
      bindings: [],
    });
  });

  it('declares the delays apart from the queue', () => {
    const now = destined({}, quorum).declares;
    const later = destined({ delayMs: 5000 }, quorum).declares;
    expect(later).not.toBe(now);
  });
});
