import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const program = join(__dirname, '../../../docker/health.mjs');

describe('docker/health.mjs', () => {
  let server: Server;
  let asked: string[];
  let statusCode: number | undefined;

  beforeEach(async () => {
    asked = [];
    statusCode = 200;
    server = createServer((request, response) => {
      asked.push(`${String(request.method)} ${String(request.url)}`);
      if (statusCode !== undefined) response.writeHead(statusCode).end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  function port(): string {
    return String((server.address() as AddressInfo).port);
  }

  function check(args: readonly string[], healthPort = port()): Promise<{ code: unknown; said: string }> {
    return new Promise((resolve) => {
      const env = { CELERIAC_HEALTH_PORT: healthPort };
      execFile(process.execPath, [program, ...args], { env }, (error, stdout) => {
        resolve({ code: error?.code ?? 0, said: stdout });
      });
    });
  }

  it.each([
    [[], 'GET /health/startup'],
    [['startup'], 'GET /health/startup'],
    [['live'], 'GET /health/live'],
    [['ready'], 'GET /health/ready'],
  ])('with %j asks for %s, and is silent with 0 when that is 200', async (args, request) => {
    expect(await check(args)).toEqual({ code: 0, said: '' });
    expect(asked).toEqual([request]);
  });

  it('ends with 1 and the status when it is another', async () => {
    statusCode = 503;

    expect(await check(['ready'])).toEqual({
      code: 1,
      said: `not ready: http://127.0.0.1:${port()}/health/ready answered 503\n`,
    });
  });

  it('ends with 1 when there is no answer', async () => {
    statusCode = undefined;

    const { code, said } = await check([]);

    expect(code).toBe(1);
    expect(said).toMatch(/^not startup: \S+ has not answered within 3000 ms\n$/);
  });

  it('ends with 1 when nothing listens', async () => {
    const { code, said } = await check([], '1');

    expect(code).toBe(1);
    expect(said).toContain('ECONNREFUSED');
  });

  it.each([
    [['alive'], '8081', 'the probe is startup, live or ready, not "alive"'],
    [[], '', 'CELERIAC_HEALTH_PORT is not set'],
  ])('ends with 1 with the arguments %j and the port "%s"', async (args, healthPort, reason) => {
    const { code, said } = await check(args, healthPort);

    expect(code).toBe(1);
    expect(said).toContain(reason);
    expect(said.trim().split('\n')).toHaveLength(1);
  });
});
