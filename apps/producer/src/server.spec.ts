import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { CeleryError } from '@celeriac/primitives';
import { RecordingLogger } from '@celeriac/testing';

import { problemContentType } from './problem.ts';
import { createTestProducer } from './testing/producer.ts';

describe('createServer', () => {
  const { client, server } = createTestProducer();

  beforeEach(() => {
    client.reset();
  });

  it('lists the callable tasks with queue and schemas', async () => {
    const response = await server.inject('/tasks');

    const { tasks } = response.json<{
      tasks: { name: string; queue: string; call_url: string; schema: object }[];
    }>();
    expect(tasks.map(({ name, queue }) => `${queue}/${name}`)).toEqual([
      'addition/add',
      'addition/fakeadd',
      'subtraction/subtract',
      'subtraction/fakesubtract',
      'multiplication/multiply',
      'multiplication/fakemultiply',
      'division/divide',
      'division/fakedivide',
      'greetings/greet',
      'greetings-canary/greet',
      'greetings/anything',
    ]);
    expect(tasks.find(({ name }) => name === 'greet')).toMatchObject({
      description: 'Greets somebody.',
      call_url: '/tasks/greet',
      schema: {
        args: {
          type: 'array',
          maxItems: 2,
          prefixItems: [{ type: 'string' }, { type: 'integer' }],
        },
        kwargs: { type: 'object', properties: { name: { type: 'string' } } },
        result: { type: 'string' },
      },
    });
  });

  it('is live whatever the broker does, and ready when it is connected', async () => {
    expect((await server.inject('/health/ready')).json()).toEqual({ status: 'ready' });
    client.isConnected = false;
    const ready = await server.inject('/health/ready');
    const live = await server.inject('/health/live');

    expect(ready.statusCode).toBe(503);
    expect(ready.headers['retry-after']).toBe('2');
    expect(ready.json()).toMatchObject({ type: 'urn:celeriac:problem:broker-unavailable', status: 503 });
    expect([live.statusCode, live.json()]).toEqual([200, { status: 'live' }]);
  });

  it.each([
    ['GET', '/nope', 404, 'not-found'],
    ['GET', '/', 404, 'not-found'],
    ['POST', '/nope', 404, 'not-found'],
    ['GET', '/tasks/', 404, 'unknown-result'],
    ['GET', '/create_tasks/', 400, 'invalid-parameter'],
    ['GET', '/create_tasks/1/', 404, 'not-found'],
    ['GET', '/tasks/%zz', 400, 'bad-request'],
    ['GET', `/tasks/${'a'.repeat(1025)}`, 414, 'uri-too-long'],
    ['GET', '/docs/static/nope.js', 404, 'not-found'],
  ] as const)('answers %s %s with a problem of status %i', async (method, url, status, kind) => {
    const response = await server.inject({ method, url });

    expect(response.headers['content-type']).toBe(problemContentType);
    expect(response.json()).toMatchObject({ type: `urn:celeriac:problem:${kind}`, status });
    expect(response.statusCode).toBe(status);
  });

  it.each([
    ['DELETE', '/tasks/some-id', 'POST, GET, HEAD'],
    ['PUT', '/tasks/add', 'POST, GET, HEAD'],
    ['POST', '/tasks', 'GET, HEAD'],
    ['PATCH', '/health/live', 'GET, HEAD'],
    ['OPTIONS', '/openapi.json', 'GET, HEAD'],
  ] as const)('answers %s %s with 405 and the methods that are allowed', async (method, url, allowed) => {
    const response = await server.inject({
      method,
      url,
      headers: { 'content-type': 'text/x-odd' },
      payload: 'x',
    });

    expect(response.statusCode).toBe(405);
    expect(response.headers.allow).toBe(allowed);
    expect(response.json()).toMatchObject({ type: 'urn:celeriac:problem:method-not-allowed' });
    expect(client.sent).toEqual([]);
  });

  it('logs an error nobody foresaw, and answers without its message', async () => {
    const logger = new RecordingLogger();
    const { client, server } = createTestProducer({ logger });
    const bug = new TypeError('secret detail');
    client.broker = () => {
      throw bug;
    };

    const response = await server.inject({ method: 'POST', url: '/tasks/anything' });

    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('secret');
    expect(response.json()).toMatchObject({ type: 'urn:celeriac:problem:internal-error' });
    expect(logger.lines).toEqual([
      {
        level: 'error',
        message: 'request failed',
        fields: { method: 'POST', url: '/tasks/anything', problem: 'internal-error', err: bug },
      },
    ]);
  });

  it('logs a publish that failed as a warning, and nothing for a request that went well or was wrong', async () => {
    const logger = new RecordingLogger();
    const { client, server } = createTestProducer({ logger });
    const refusal = new CeleryError('ERR_PUBLISH_REFUSED', 'nacked');
    await server.inject({ method: 'POST', url: '/tasks/anything' });
    await server.inject('/create_tasks/abc');
    expect(logger.lines).toEqual([]);
    client.broker = () => {
      throw refusal;
    };

    await server.inject({ method: 'POST', url: '/tasks/anything' });

    expect(logger.lines).toMatchObject([
      { level: 'warn', fields: { problem: 'publish-refused', err: refusal } },
    ]);
  });

  it('does not warn of a broker that is away, probe after probe', async () => {
    const logger = new RecordingLogger();
    const { client, server } = createTestProducer({ logger });
    client.isConnected = false;

    await server.inject('/health/ready');
    await server.inject('/create_tasks/1');

    expect(logger.lines.map(({ level }) => level)).toEqual(['debug', 'debug']);
  });

  it.each([
    ['NONSENSE\r\n\r\n', 400, 'bad-request'],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
  ])('answers what is not HTTP with a problem too: %j', async (bytes, status, kind) => {
    const { server } = createTestProducer();
    await server.listen({ host: '127.0.0.1', port: 0 });
    try {
      const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
      socket.write(bytes);
      const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');

      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(head).toContain(`Content-Type: ${problemContentType}`);
      expect(JSON.parse(body)).toMatchObject({ type: `urn:celeriac:problem:${kind}`, status });
    } finally {
      await server.close();
    }
  });
});
