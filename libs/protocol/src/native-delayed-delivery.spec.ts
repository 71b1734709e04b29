import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { loadPureFunctions, loadVectors, type RecordedAction } from '@celeriac/testing';
import {
  delayedDeliveryBindingForQueue,
  delayedDeliveryBindings,
  delayedDeliveryTopology,
  delayedRoute,
  delayedRouteToQueue,
  delaysNatively,
  originalRoutingKey,
} from './native-delayed-delivery.ts';
import { broadcastQueue, type TaskQueue } from './task-queue.ts';
import { declaredBy, wireDeclarations } from './testing/wire-declarations.ts';

const { cases } = loadVectors('quorum-native-delay');

function traceOf(name: string): readonly RecordedAction[] {
  const trace = cases.find((one) => one.name === name)?.trace;
  if (trace === undefined || trace.length === 0) throw new Error(`no recording of ${name}`);
  return trace;
}

const qq: TaskQueue = { name: 'qq', exchange: 'qqx', exchangeType: 'topic', queueType: 'quorum' };

describe('delayedDeliveryTopology', () => {
  it.each(['startup_quorum_native_delayed', 'startup_quorum_direct'])('is that of %s', (recording) => {
    const expected = declaredBy(traceOf(recording), '"celery_delayed_').filter(
      ({ destination, source }) => destination !== 'qqx' && source !== 'qqx',
    );
    expect(expected).toHaveLength(29 + 28 + 28 + 28);
    expect(wireDeclarations(delayedDeliveryTopology('quorum'))).toEqual(expected);
  });

  it('has no dead-letter strategy on classic queues', () => {
    const { queues } = delayedDeliveryTopology('classic');
    expect(queues.at(-1)?.arguments).toEqual({
      'x-queue-type': 'classic',
      'x-overflow': 'reject-publish',
      'x-message-ttl': 1000,
      'x-dead-letter-exchange': 'celery_delayed_delivery',
    });
  });
});

describe('delayedDeliveryBindings', () => {
  it('are those of startup_quorum_native_delayed', () => {
    const expected = declaredBy(traceOf('startup_quorum_native_delayed'), '"#.qq"');
    expect(expected.map(({ action }) => action)).toEqual(['queue.bind', 'exchange.bind']);
    expect(wireDeclarations(delayedDeliveryBindings([qq]))).toEqual(expected);
  });

  it('keep a key that is a pattern for anything before it', () => {
    const { bindings } = delayedDeliveryBindings([{ ...qq, routingKey: '#.task' }]);
    expect(bindings.map(({ routingKey }) => routingKey)).toEqual(['#.task']);
  });

  it.each<TaskQueue>([{ name: 'q' }, broadcastQueue('all'), { ...qq, exchange: '' }])(
    'there are none for %p',
    (queue) => {
      expect(delayedDeliveryBindings([queue])).toEqual({
        exchanges: [],
        queues: [],
        bindings: [],
        exchangeBindings: [],
      });
    },
  );
});

describe('delaysNatively', () => {
  it.each<[string | TaskQueue, boolean]>([
    [qq, true],
    [{ ...qq, exchangeType: 'fanout' }, true],
    [{ ...qq, exchangeType: 'direct' }, false],
    [{ ...qq, queueType: 'classic' }, false],
    [broadcastQueue('all'), false],
    ['q', false],
  ])('says of %p: %p', (queue, expected) => {
    expect(delaysNatively(queue)).toBe(expected);
  });
});

interface RecordedKey {
  readonly countdown_seconds: number;
  readonly routing_key: string;
  readonly result: string;
}

const recordedKeys = loadPureFunctions()['native_delay_routing_key'] as readonly RecordedKey[];

describe('delayedRoute', () => {
  it.each(recordedKeys)(
    'is as recorded for $countdown_seconds s',
    ({ countdown_seconds, routing_key, result }) => {
      expect(delayedRoute(countdown_seconds * 1000, routing_key)).toEqual({
        exchange: 'celery_delayed_27',
        routingKey: result,
      });
    },
  );

  it('is that of the message which quorum_countdown_5 published', () => {
    const published = traceOf('quorum_countdown_5').find(
      ({ action, by }) => action === 'publish' && by === 'client',
    );
    expect(delayedRoute(5000, 'qq')).toEqual({
      exchange: published?.exchange,
      routingKey: published?.routing_key,
    });
  });

  it('leaves the rest of a second to the worker', () => {
    expect(delayedRoute(1999, 'q')).toEqual(delayedRoute(1000, 'q'));
  });

  it.each([999, 500, 0, -5000])('is none for %p ms', (delayMs) => {
    expect(delayedRoute(delayMs, 'q')).toBeUndefined();
  });

  it('replaces the prefixes of earlier delays', () => {
    const once = delayedRoute(7000, 'feed.q')?.routingKey ?? '';
    const twice = `${'0.'.repeat(28)}${once}`;
    expect(delayedRoute(5000, twice)).toEqual(delayedRoute(5000, 'feed.q'));
  });

  it.each<[number, string, string]>([
    [2 ** 28 * 1000, 'q', 'at most 268435455 s (8.5 years) where the broker keeps it, got 268435456 s'],
    [1000, '', 'must have 1 to 199 bytes, got 0'],
    [1000, 'x'.repeat(200), 'must have 1 to 199 bytes, got 200: xxx'],
  ])('refuses %p ms for %p', (delayMs, routingKey, message) => {
    const route = (): unknown => delayedRoute(delayMs, routingKey);
    expect(route).toThrow(ImproperlyConfiguredError);
    expect(route).toThrow(message);
  });
});

describe('originalRoutingKey', () => {
  it.each(recordedKeys)('takes the $countdown_seconds s off', ({ routing_key, result }) => {
    expect(originalRoutingKey(result)).toBe(routing_key);
  });

  it.each(['q', 'feed.tasks', '0.1.q', '0.1', '', 'q.celeriac_queue'])('leaves %j alone', (key) => {
    expect(originalRoutingKey(key)).toBe(key);
  });

  it('takes off what retries of Python workers have piled up', () => {
    expect(originalRoutingKey(`${'0.'.repeat(56)}${'1.'.repeat(28)}a.b`)).toBe('a.b');
  });

  it('is the queue of a message that was delayed for one queue', () => {
    expect(originalRoutingKey(delayedRouteToQueue(1000, 'w1@host.dq2')?.routingKey ?? '')).toBe(
      'w1@host.dq2',
    );
  });
});

describe('delayedDeliveryBindingForQueue', () => {
  it('matches what is delayed for that queue alone', () => {
    const [binding] = delayedDeliveryBindingForQueue('tasks').bindings;
    const route = delayedRouteToQueue(5000, 'tasks');
    expect(binding).toMatchObject({ queue: 'tasks', exchange: 'celery_delayed_delivery' });
    const pattern = new RegExp(
      `^${String(binding?.routingKey).replaceAll('.', '\\.').replaceAll('*', '[^.]+')}$`,
    );
    expect(route?.routingKey).toMatch(pattern);
    expect(delayedRouteToQueue(5000, 'feed.tasks')?.routingKey).not.toMatch(pattern);
    expect(delayedRoute(5000, 'tasks')?.routingKey).not.toMatch(pattern);
  });

  it.each([
    [1000, 0],
    [1999, 0],
    [2000, 1],
    [3_600_000, 11],
    [(2 ** 28 - 1) * 1000, 27],
  ])(
    'is for messages that go straight to the first level that holds them: %i ms, level %i',
    (delayMs, level) => {
      expect(delayedRouteToQueue(delayMs, 'tasks')?.exchange).toBe(`celery_delayed_${String(level)}`);
    },
  );

  it('is not what queues with keys of the same end are bound by', () => {
    expect(delayedRouteToQueue(5000, 'tasks')?.routingKey.endsWith('.tasks')).toBe(false);
  });
});
