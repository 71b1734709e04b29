import { resolveAllowedHosts } from './allowed-hosts.ts';
import { createTestProducer } from './testing/producer.ts';
import { exchange } from './testing/raw-http.ts';

describe('resolveAllowedHosts', () => {
  it.each([
    ['127.0.0.1', undefined, ['localhost', '127.0.0.1', '[::1]']],
    ['localhost', undefined, ['localhost', '127.0.0.1', '[::1]']],
    ['::1', undefined, ['localhost', '127.0.0.1', '[::1]']],
    ['127.0.0.2', undefined, ['localhost', '127.0.0.1', '[::1]', '127.0.0.2']],
    ['127.0.0.1', ['Tasks.example.com.'], ['localhost', '127.0.0.1', '[::1]', 'tasks.example.com']],
    ['0.0.0.0', ['a.example'], ['localhost', '127.0.0.1', '[::1]', '0.0.0.0', 'a.example']],
    ['::', ['a.example'], ['localhost', '127.0.0.1', '[::1]', '[::]', 'a.example']],
  ])('allows on %s, given %j, %j', (address, names, allowed) => {
    expect([...(resolveAllowedHosts(address, names) ?? [])]).toEqual(allowed);
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'producer', '127.0.0.1.example.com'])(
    'allows any on %s when none are given',
    (address) => {
      expect(resolveAllowedHosts(address, undefined)).toBeUndefined();
    },
  );
});

describe('the host of a request', () => {
  const { server } = createTestProducer({
    allowedHosts: resolveAllowedHosts('127.0.0.1', ['tasks.example.com']),
  });

  beforeAll(async () => {
    await server.listen({ host: '127.0.0.1', port: 0 });
  });

  afterAll(() => server.close());

  const get = (target: string, headers: string, version = '1.1'): string =>
    `GET ${target} HTTP/${version}\r\n${headers}Connection: close\r\n\r\n`;

  it.each([
    ['localhost'],
    ['localhost:8000'],
    ['LocalHost.'],
    ['127.0.0.1:1'],
    ['[::1]'],
    ['[::1]:8000'],
    ['tasks.example.com:443'],
  ])('may be %s', async (host) => {
    expect(await exchange(server, get('/health/live', `Host: ${host}\r\n`))).toMatchObject({ status: 200 });
  });

  it.each([
    ['evil.example'],
    ['localhost.evil.example'],
    ['evil.example:8000'],
    ['127.0.0.1.evil.example'],
    ['localhost@evil.example'],
    ['localhost:8000:80'],
    ['localhost/'],
    ['[::2]'],
    ['::1'],
    ['0.0.0.0'],
    ['127.1'],
    [''],
    [`${'a'.repeat(5000)}.example`],
  ])('must not be %s', async (host) => {
    const answer = await exchange(server, get('/create_tasks/1', `Host: ${host}\r\n`));
    expect(answer).toMatchObject({ status: 421 });
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({
      type: 'urn:celeriac:problem:misdirected-request',
    });
    expect(answer?.body.length).toBeLessThan(600);
  });

  it.each([
    ['http://evil.example/health/live', 421],
    ['http://evil.example:80/health/live', 421],
    ['HTTPS://localhost@evil.example/health/live', 421],
    ['http://localhost:8000/health/live', 200],
  ])('is looked for in an address such as %s too', async (target, status) => {
    expect(await exchange(server, get(target, 'Host: localhost\r\n'))).toMatchObject({ status });
  });

  it('is looked for in the header too when the address has one', async () => {
    const bytes = get('http://localhost/health/live', 'Host: evil.example\r\n');
    expect(await exchange(server, bytes)).toMatchObject({ status: 421 });
  });

  it.each([
    ['missing', ''],
    ['given twice', 'Host: localhost\r\nhOST: localhost\r\n'],
  ])('must not be %s', async (_what, headers) => {
    const answer = await exchange(server, get('/health/live', headers));
    expect(answer).toMatchObject({ status: 400 });
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ type: 'urn:celeriac:problem:bad-request' });
  });

  it('need not be in a request of HTTP/1.0, but is looked at when it is', async () => {
    expect(await exchange(server, get('/health/live', '', '1.0'))).toMatchObject({ status: 200 });
    expect(await exchange(server, get('/health/live', 'Host: evil.example\r\n', '1.0'))).toMatchObject({
      status: 421,
    });
  });

  it('is refused on every route, known or not, and before the task is looked up', async () => {
    const headers = { host: 'evil.example' };
    for (const url of ['/tasks', '/tasks/id', '/nope', '/docs', '/openapi.json', '/health/live'])
      expect([url, (await server.inject({ url, headers })).statusCode]).toEqual([url, 421]);
    const call = await server.inject({ method: 'POST', url: '/tasks/nope', headers });
    expect(call.statusCode).toBe(421);
  });

  it('may be any where no hosts are given', async () => {
    const { server } = createTestProducer();
    expect((await server.inject({ url: '/health/live', headers: { host: 'any.example' } })).statusCode).toBe(
      200,
    );
  });
});
