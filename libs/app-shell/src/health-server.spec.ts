import { once } from 'node:events';
import { connect } from 'node:net';
import { HealthServer } from './health-server.ts';

describe('HealthServer', () => {
  let server: HealthServer;
  let state: { isLive: boolean; isReady: boolean };

  beforeEach(async () => {
    state = { isLive: true, isReady: true };
    server = await HealthServer.start({
      host: '127.0.0.1',
      port: 0,
      isLive: () => state.isLive,
      isReady: () => state.isReady,
      startupTimeoutMs: 60_000,
    });
  });

  afterEach(async () => {
    await server.close();
  });

  async function request(
    path: string,
    method = 'GET',
  ): Promise<{ code: number; body: unknown; headers: Headers }> {
    const response = await fetch(`http://127.0.0.1:${server.address.port}${path}`, { method });
    const text = await response.text();
    return {
      code: response.status,
      body: text === '' ? undefined : JSON.parse(text),
      headers: response.headers,
    };
  }

  it.each([
    ['/health/live', { isLive: true, isReady: false }, 200, 'live'],
    ['/health/live', { isLive: false, isReady: true }, 503, 'not live'],
    ['/health/ready', { isLive: false, isReady: true }, 200, 'ready'],
    ['/health/ready', { isLive: true, isReady: false }, 503, 'not ready'],
    ['/health/ready?from=swarm', { isLive: true, isReady: true }, 200, 'ready'],
  ])('answers %s when %j with %d and %j', async (path, now, code, status) => {
    state = now;

    const response = await request(path);

    expect(response).toMatchObject({ code, body: { status } });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('says that the app starts until it was ready once, and from then on whether it lives', async () => {
    const startup = () => request('/health/startup');
    state = { isLive: true, isReady: false };
    expect(await startup()).toMatchObject({ code: 503, body: { status: 'starting' } });
    state = { isLive: true, isReady: true };
    expect(await startup()).toMatchObject({ code: 200, body: { status: 'started' } });
    state = { isLive: true, isReady: false };
    expect(await startup()).toMatchObject({ code: 200 });
    state = { isLive: false, isReady: false };
    expect(await startup()).toMatchObject({ code: 503 });
  });

  it('counts an app that never gets ready as started after its time', async () => {
    const isReady = () => false;
    const options = { host: '127.0.0.1', port: 0, isLive: () => true, isReady };
    const late = await HealthServer.start({ ...options, startupTimeoutMs: 0 });
    const { status } = await fetch(`http://127.0.0.1:${late.address.port}/health/startup`);
    await late.close();
    expect(status).toBe(200);
  });

  it('answers HEAD without a body', async () => {
    expect(await request('/health/ready', 'HEAD')).toMatchObject({ code: 200, body: undefined });
  });

  it.each(['/', '/health', '/health/live/', '/metrics'])('answers %s with 404', async (path) => {
    expect(await request(path)).toMatchObject({ code: 404, body: { status: 'not found' } });
  });

  it('answers another method with 405 and the methods it knows', async () => {
    const response = await request('/health/live', 'POST');

    expect(response).toMatchObject({ code: 405, body: { status: 'method not allowed' } });
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it('listens on the address it was given', () => {
    expect(server.address).toMatchObject({ address: '127.0.0.1', family: 'IPv4' });
    expect(server.address.port).toBeGreaterThan(0);
  });

  it('rejects when the port is taken', async () => {
    const { port } = server.address;

    await expect(
      HealthServer.start({
        host: '127.0.0.1',
        port,
        isLive: () => true,
        isReady: () => true,
        startupTimeoutMs: 60_000,
      }),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes with a connection open, and twice', async () => {
    const socket = connect(server.address.port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');

    await Promise.all([server.close(), server.close()]);
    await closed;

    await expect(request('/health/live')).rejects.toThrow('fetch failed');
  });
});
