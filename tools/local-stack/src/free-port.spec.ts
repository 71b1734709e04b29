import { once } from 'node:events';
import { createServer } from 'node:net';

import { freePort, isPortFree } from './free-port.ts';

describe('freePort', () => {
  it('is free, and not one the system gives to outgoing connections', async () => {
    const port = await freePort();
    expect(port).toBeGreaterThanOrEqual(15_000);
    expect(port).toBeLessThan(30_000);
    expect(await isPortFree(port)).toBe(true);
  });
});

describe('isPortFree', () => {
  it('is false while something listens', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    expect(await isPortFree(port)).toBe(false);
    server.close();
    await once(server, 'close');
    expect(await isPortFree(port)).toBe(true);
  });
});
