import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { ScriptedPeer, until } from '@celeriac/testing';
import { hostname } from 'node:os';
import { createWorkerFrom, type CreateWorkerOptions } from './create-worker.ts';
import type { Worker } from './worker.ts';
import { holderOf } from './testing/received-task.ts';

const holder = holderOf(() => 'done');

describe('createWorkerFrom', () => {
  let peer: ScriptedPeer;
  const apps: Worker[] = [];

  function createApp(options: Partial<CreateWorkerOptions> = {}): Worker {
    const { app } = createWorkerFrom(holder, { brokerUrl: peer.url, ...options });
    apps.push(app);
    return app;
  }

  beforeEach(async () => {
    peer = await ScriptedPeer.listen();
  });

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.stop()));
    await peer.close();
  });

  it.each<[string, Partial<CreateWorkerOptions>]>([
    ['broker', { brokerUrl: 'http://localhost' }],
    ['result_backend', { resultBackend: 'redis://localhost' }],
    ['worker_concurrency', { workerConcurrency: 0 }],
    ['worker_prefetch_multiplier', { workerPrefetchMultiplier: 0.5 }],
    ['accept_content', { acceptContent: ['jsno'] }],
  ])('refuses a wrong %s', (_setting, options) => {
    expect(() => createWorkerFrom(holder, { brokerUrl: peer.url, ...options })).toThrow(
      ImproperlyConfiguredError,
    );
  });

  it('connects to nothing until it is started', async () => {
    expect(() => createWorkerFrom(holder, { brokerUrl: peer.url, workerConcurrency: 0 })).toThrow();
    const app = createApp();
    expect([app.state, app.isReady, app.nodeName]).toEqual(['initializing', false, `shop@${hostname()}`]);
    // a connection that had been begun above would reach the peer before one that is begun now
    await createApp({ nodeName: 'other@host' }).start();
    expect(peer.connections).toHaveLength(2); // to consume and to publish
    await app.stop();
    expect(app.state).toBe('stopped');
  });

  it('consumes the queue of its holder with Celery’s declarations and its prefetch count', async () => {
    const app = createApp({ workerConcurrency: 3, workerPrefetchMultiplier: 2 });
    await app.start();
    await until(() => app.isReady);
    expect(peer.saidBy('exchange.declare')).toMatchObject([{ exchange: 'shop', type: 'direct' }]);
    const durableAndNothingElse = 0b10;
    expect(peer.saidBy('queue.declare')).toMatchObject([{ queue: 'shop', flags: durableAndNothingElse }]);
    expect(peer.saidBy('queue.bind')).toMatchObject([
      { queue: 'shop', exchange: 'shop', routingKey: 'shop' },
    ]);
    expect(peer.saidBy('basic.qos')).toMatchObject([{ prefetchCount: 6, global: false }]);
    expect(peer.saidBy('basic.consume')).toMatchObject([{ queue: 'shop' }]);
    await app.stop();
    await until(() => peer.openConnections.length === 0);
  });

  it('opens no connection to publish where results are disabled and no events are sent', async () => {
    await createApp({ resultBackend: 'disabled://', workerHeartbeatIntervalMs: 0 }).start();
    expect(peer.connections).toHaveLength(1);
  });

  it('gives the tasks as functions', () => {
    const { tasks } = createWorkerFrom(holder, { brokerUrl: peer.url });
    expect(Object.keys(tasks)).toEqual(['work']);
  });
});
