import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { load } from './http-load.ts';

describe('load', () => {
  let server: Server;
  let requests: number;
  let status: number;
  let isConnectionClosed: boolean;

  beforeEach(async () => {
    requests = 0;
    status = 200;
    isConnectionClosed = false;
    server = createServer((_request, response) => {
      requests++;
      response.shouldKeepAlive = !isConnectionClosed;
      response.writeHead(status).end('body');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
  });

  function url(): string {
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  it.each([
    ['keeps its connections', false],
    ['closes each connection after its answer', true],
  ])('goes on asking a server that %s, and counts every answer', async (_, closes) => {
    isConnectionClosed = closes;
    const result = await load(url(), 4, 0.2);
    expect(result.answered).toBe(requests);
    expect(result.answered).toBeGreaterThan(4); // more than one for each connection
    expect(result.refused).toBe(0);
    expect(result.seconds).toBeGreaterThanOrEqual(0.2);
  });

  it('counts what is not a 200 apart', async () => {
    status = 503;
    const result = await load(url(), 2, 0.1);
    expect(result.answered).toBe(0);
    expect(result.refused).toBe(requests);
  });

  it('rejects when a connection breaks', async () => {
    const target = url();
    await new Promise((resolve) => server.close(resolve));
    await expect(load(target, 2, 0.1)).rejects.toThrow('ECONNREFUSED');
  });
});
