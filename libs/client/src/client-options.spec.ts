import { ImproperlyConfiguredError, memoryLimitBytes } from '@celeriac/primitives';
import { ScriptedPeer } from '@celeriac/testing';
import { resolveClientOptions, type ClientOptions } from './client-options.ts';
import { Client } from './client.ts';

const brokerUrl = 'amqp://localhost';

describe('resolveClientOptions', () => {
  it("gives Celery's defaults", () => {
    const { queues, routing, ...settings } = resolveClientOptions({ brokerUrl });
    expect(queues.known.map(({ name }) => name)).toEqual(['celery']);
    expect(routing.resolveRoute('add', [], {}, {}).queue).toBeUndefined();
    expect(settings).toEqual({
      hasResults: true,
      taskDefaultQueue: 'celery',
      taskDefaultPriority: 0,
      taskSerializer: 'json',
      taskCompression: undefined,
      resultAcceptContent: ['json'],
      delayQueueType: 'quorum',
      taskIgnoreResult: false,
      resultExpiresMs: 86_400_000,
      resultCacheMax: 50_000,
      resultCacheMaxBytes: Math.floor(memoryLimitBytes() / 8),
      publishTimeoutMs: 30_000,
      failFast: false,
    });
  });

  it.each<[string, Partial<ClientOptions>]>([
    ['ClientOptions.resultExpiresMs must be an integer from 1 to 4294967295, got 0', { resultExpiresMs: 0 }],
    [
      'ClientOptions.resultExpiresMs must be an integer from 1 to 4294967295, got 4294967296',
      { resultExpiresMs: 2 ** 32 },
    ],
    [
      'ClientOptions.resultExpiresMs must be an integer from 1 to 4294967295, got 1.5',
      { resultExpiresMs: 1.5 },
    ],
    ['ClientOptions.resultCacheMax must be an integer from 1', { resultCacheMax: NaN }],
    [
      'ClientOptions.publishTimeoutMs must be an integer from 1 to 2147483647, got 2147483648',
      { publishTimeoutMs: 2 ** 31 },
    ],
    [
      'ClientOptions.taskDefaultPriority must be an integer from 0 to 255, got 256',
      { taskDefaultPriority: 256 },
    ],
    [
      'ClientOptions.taskQueueMaxPriority must be an integer from 1 to 255, got 0',
      { taskQueueMaxPriority: 0 },
    ],
    [
      'ClientOptions.taskCreateMissingQueueType must be one of classic, quorum, got "stream"',
      { taskCreateMissingQueueType: 'stream' as 'quorum' },
    ],
    [
      'ClientOptions.taskDefaultQueueType must be one of classic, quorum, got "stream"',
      { taskDefaultQueueType: 'stream' as 'quorum' },
    ],
    [
      'ClientOptions.brokerNativeDelayedDeliveryQueueType must be one of classic, quorum, got "x"',
      { brokerNativeDelayedDeliveryQueueType: 'x' as 'quorum' },
    ],
    ['TaskQueue.maxPriority must be', { taskQueues: [{ name: 'q', maxPriority: 300 }] }],
    ['a router of task_routes must be', { taskRoutes: 'routes' as never }],
    ['nope', { taskSerializer: 'nope' as 'json' }],
    ['lzma', { taskCompression: 'lzma' }],
    ['result_backend has the scheme', { resultBackend: 'redis://localhost' }],
  ])('refuses with %p', (text, options) => {
    const resolve = (): unknown => resolveClientOptions({ brokerUrl, ...options });
    expect(resolve).toThrow(ImproperlyConfiguredError);
    expect(resolve).toThrow(text);
  });

  it('is asked before a client connects, which nobody could close otherwise', async () => {
    const peer = await ScriptedPeer.listen();
    try {
      expect(() => new Client({ brokerUrl: peer.url, resultBackend: 'redis://' })).toThrow('result_backend');
      expect(() => new Client({ brokerUrl: peer.url, publishTimeoutMs: -1 })).toThrow('publishTimeoutMs');
      const client = await Client.connect({ brokerUrl: peer.url });
      // those that had been opened above would have reached the peer before these
      expect(peer.connections).toHaveLength(2); // to consume and to publish
      await client.close();
    } finally {
      await peer.close();
    }
  });
});
