import { readSettings } from '@celeriac/app-shell';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { RecordingLogger } from '@celeriac/testing';

import { ProducerApp } from './producer-app.ts';

/** Port 1 refuses every connection: a broker that is away. */
const env = { CELERY_BROKER_URL: 'amqp://guest:guest@127.0.0.1:1//', PORT: '0' };

describe('ProducerApp', () => {
  it('serves while the broker is away, says so quickly, and stops', async () => {
    const logger = new RecordingLogger();
    const app = new ProducerApp({ settings: readSettings(env), logger });
    await app.start();
    const { url = '' } = app;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(logger.fieldsOf('producer listens')).toEqual([{ url }]);

    const beganMs = performance.now();
    const statuses = await Promise.all(
      ['/health/live', '/health/ready', '/create_tasks/1'].map(
        async (path) => (await fetch(url + path)).status,
      ),
    );
    const tookMs = performance.now() - beganMs;

    expect(statuses).toEqual([200, 503, 503]);
    expect(tookMs).toBeLessThan(1000);
    expect(app.isReady).toBe(false);
    await app.stop({ mode: 'warm' });
    await app.done;
    await expect(fetch(url + '/health/live')).rejects.toThrow();
  });

  it('serves on for CELERIAC_SHUTDOWN_DELAY once it shall stop, unready, but not through a cold stop', async () => {
    const logger = new RecordingLogger();
    const settings = readSettings({ ...env, CELERIAC_SHUTDOWN_DELAY: '600' });
    const app = new ProducerApp({ settings, logger });
    await app.start();
    const { url = '' } = app;

    const stopping = app.stop({ mode: 'warm' });

    expect(logger.fieldsOf('unready, and serving on for a while')).toEqual([{ shutdownDelayMs: 600_000 }]);
    expect((await fetch(url + '/health/live')).status).toBe(200);
    expect((await fetch(url + '/health/ready')).status).toBe(503);
    await app.stop({ mode: 'cold' });
    await stopping;
    await expect(fetch(url + '/health/live')).rejects.toThrow();
  });

  it('names the port that is in use, and lets go of everything', async () => {
    const logger = new RecordingLogger();
    const first = new ProducerApp({ settings: readSettings(env), logger });
    await first.start();
    const port = new URL(first.url ?? '').port;
    const second = new ProducerApp({ settings: readSettings({ ...env, PORT: port }), logger });

    await expect(second.start()).rejects.toThrow(ImproperlyConfiguredError);
    await expect(second.done).resolves.toBeUndefined();

    await first.stop({ mode: 'cold' });
    await first.done;
  });

  it('is done when it is stopped before it was started', async () => {
    const app = new ProducerApp({ settings: readSettings(env), logger: new RecordingLogger() });

    await app.stop({ mode: 'warm' });

    await expect(app.done).resolves.toBeUndefined();
  });
});
