import { ImproperlyConfiguredError } from '@celeriac/primitives';
import {
  broadcastQueue,
  directQueue,
  isQuorumQueue,
  resolveTaskQueue,
  type TaskQueue,
} from './task-queue.ts';

describe('resolveTaskQueue', () => {
  it("gives a name kombu's defaults", () => {
    expect(resolveTaskQueue('addition')).toEqual({
      name: 'addition',
      exchange: 'addition',
      exchangeType: 'direct',
      routingKey: 'addition',
      queueArguments: {},
      exchangeArguments: {},
      bindingArguments: {},
      durable: true,
      autoDelete: false,
      exclusive: false,
      noDeclare: false,
      broadcast: false,
    });
  });

  it.each<[Omit<TaskQueue, 'name'>, object]>([
    [{ maxPriority: 10 }, { 'x-max-priority': 10 }],
    [{ messageTtl: 1.5 }, { 'x-message-ttl': 1500 }],
    [{ messageTtl: 0 }, { 'x-message-ttl': 0 }],
    [{ expires: 60 }, { 'x-expires': 60_000 }],
    [
      { maxLength: 5, maxLengthBytes: 1000 },
      { 'x-max-length': 5, 'x-max-length-bytes': 1000 },
    ],
    [{ queueType: 'quorum' }, { 'x-queue-type': 'quorum' }],
    [{ queueType: 'classic' }, {}],
    [
      { queueArguments: { 'x-max-priority': 3, 'x-overflow': 'reject-publish' }, maxPriority: 9 },
      { 'x-max-priority': 9, 'x-overflow': 'reject-publish' },
    ],
  ])('makes arguments of %p', (options, queueArguments) => {
    expect(resolveTaskQueue({ name: 'q', ...options }).queueArguments).toEqual(queueArguments);
  });

  it.each<[TaskQueue, string]>([
    [{ name: '' }, 'TaskQueue.name must be a name, got ""'],
    [{ name: 'é'.repeat(128) }, 'TaskQueue.name must be at most 255 bytes long, got 256 bytes: éé'],
    [{ name: 'q', alias: '' }, 'TaskQueue.alias must be a name, got ""'],
    [{ name: 'q', exchange: 'x'.repeat(256) }, 'TaskQueue.exchange must be at most 255 bytes long'],
    [{ name: 'q', routingKey: 'x'.repeat(256) }, 'TaskQueue.routingKey must be at most 255 bytes long'],
    [
      { name: 'q', exchangeType: 'Topic' as 'topic' },
      'TaskQueue.exchangeType must be one of direct, topic, fanout, headers, got "Topic"',
    ],
    [
      { name: 'q', queueType: 'stream' as 'quorum' },
      'TaskQueue.queueType must be one of classic, quorum, got "stream"',
    ],
    [{ name: 'q', maxPriority: 300 }, 'TaskQueue.maxPriority must be an integer from 1 to 255, got 300'],
    [{ name: 'q', maxPriority: 0 }, 'TaskQueue.maxPriority must be an integer from 1 to 255, got 0'],
    [{ name: 'q', messageTtl: -1 }, 'TaskQueue.messageTtl must be a number of seconds, 0 or more, got -1'],
    [{ name: 'q', expires: 0 }, 'TaskQueue.expires must be a number of seconds, 0.001 or more, got 0'],
    [{ name: 'q', expires: NaN }, 'TaskQueue.expires must be a number of seconds, 0.001 or more, got NaN'],
    [{ name: 'q', maxLength: 1.5 }, 'TaskQueue.maxLength must be an integer from 0 to '],
    [{ name: 'q', maxLengthBytes: -1 }, 'TaskQueue.maxLengthBytes must be an integer from 0 to '],
    [
      { name: 'q', queueType: 'quorum', durable: false },
      'TaskQueue.durable must be true for a quorum queue, got false',
    ],
    [
      { name: 'q', queueType: 'quorum', autoDelete: true },
      'TaskQueue.autoDelete must be false for a quorum queue, got true',
    ],
    [
      { name: 'q', queueArguments: { 'x-queue-type': 'quorum' }, exclusive: true },
      'TaskQueue.exclusive must be false for a quorum queue, got true',
    ],
    [
      { name: 'q', queueType: 'quorum', queueArguments: { 'x-max-priority': 5 } },
      'TaskQueue.maxPriority must be left out for a quorum queue, got 5',
    ],
  ])('refuses %p', (queue, message) => {
    const resolve = (): unknown => resolveTaskQueue(queue);
    expect(resolve).toThrow(ImproperlyConfiguredError);
    expect(resolve).toThrow(message);
  });
});

describe('isQuorumQueue', () => {
  it.each<[string | TaskQueue, boolean]>([
    ['q', false],
    [{ name: 'q' }, false],
    [{ name: 'q', queueType: 'classic' }, false],
    [{ name: 'q', queueType: 'quorum' }, true],
    [{ name: 'q', queueArguments: { 'x-queue-type': 'quorum' } }, true],
    [{ name: 'q', queueArguments: { 'x-queue-type': 'stream' } }, false],
  ])('says of %p: %p', (queue, isQuorum) => {
    expect(isQuorumQueue(queue)).toBe(isQuorum);
  });
});

describe('broadcastQueue', () => {
  it('has a queue of its own each time', () => {
    const [one, two] = [broadcastQueue('reload'), broadcastQueue('reload')];
    expect(one).toMatchObject({
      alias: 'reload',
      exchange: 'reload',
      exchangeType: 'fanout',
      autoDelete: true,
    });
    expect(one.name).toMatch(/^bcast\.[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(one.name).not.toBe(two.name);
  });
});

describe('directQueue', () => {
  it('is named for the node', () => {
    expect(directQueue('w1@host')).toEqual({ name: 'w1@host.dq2', exchange: 'C.dq2', routingKey: 'w1@host' });
  });
});
