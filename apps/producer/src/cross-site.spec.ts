import { createTestProducer } from './testing/producer.ts';

describe('a request that a browser sends for a page', () => {
  const { client, server } = createTestProducer();

  beforeEach(() => {
    client.reset();
  });

  const routes = [
    ['GET', '/create_tasks/1'],
    ['POST', '/tasks/anything'],
  ] as const;
  const foreign = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'odd' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:8000.evil.example' },
  ];
  const own = [
    {},
    { 'sec-fetch-site': 'same-origin', origin: 'https://behind.a.proxy' },
    { 'sec-fetch-site': 'none' },
    { origin: 'http://localhost:8000' },
  ];

  it.each(routes.flatMap(([method, url]) => foreign.map((headers) => [method, url, headers] as const)))(
    'of another site is refused: %s %s with %j',
    async (method, url, headers) => {
      const response = await server.inject({ method, url, headers: { host: 'localhost:8000', ...headers } });

      expect(response.statusCode).toBe(403);
      expect(response.json()).toMatchObject({ type: 'urn:celeriac:problem:cross-site-request' });
      expect(client.sent).toEqual([]);
    },
  );

  it.each(routes.flatMap(([method, url]) => own.map((headers) => [method, url, headers] as const)))(
    'of this server, or by no browser at all, is taken: %s %s with %j',
    async (method, url, headers) => {
      const response = await server.inject({ method, url, headers: { host: 'localhost:8000', ...headers } });

      expect(response.statusCode).toBeLessThan(300);
      expect(client.sent.length).toBeGreaterThan(0);
    },
  );

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'cannot have a body of %s, which a form can send',
    async (type) => {
      const headers = { 'content-type': type };
      const response = await server.inject({
        method: 'POST',
        url: '/tasks/anything',
        headers,
        payload: '{}',
      });

      expect(response.statusCode).toBe(415);
      expect(client.sent).toEqual([]);
    },
  );

  it.each(['/tasks', '/health/live', '/docs'])('may link to %s, which publishes nothing', async (url) => {
    const response = await server.inject({ url, headers: { 'sec-fetch-site': 'cross-site' } });
    expect(response.statusCode).toBe(200);
  });
});
