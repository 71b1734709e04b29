import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { silentLogger } from '@celeriac/primitives';

import { freePort } from './free-port.ts';
import { Stack } from './stack.ts';

const APPS = ['addition', 'subtraction', 'multiplication', 'division', 'producer'];

/** An app as far as the stack can tell: ready where it is told to be, gone on SIGTERM. It writes down what happens to it. */
const APP = `
const { appendFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { basename, dirname, join } = require('node:path');
const name = basename(dirname(__dirname));
const note = (what) => appendFileSync(join(__dirname, '..', '..', '..', 'notes'), name + ' ' + what + '\\n');
const server = createServer((request, response) => {
  if (request.url === '/die') process.exit(3);
  response.statusCode = request.url === '/health/ready' ? 200 : 404;
  response.end(process.env.CELERY_BROKER_URL);
});
server.listen(Number(process.env.CELERIAC_HEALTH_PORT ?? process.env.PORT), '127.0.0.1', () => note('up'));
process.on('SIGTERM', () => {
  note('SIGTERM');
  server.close();
  server.closeAllConnections();
});
`;

describe('Stack', () => {
  const brokerUrl = process.env['CELERIAC_TEST_BROKER_URL'];
  let root: string;
  let env: NodeJS.ProcessEnv;
  const never = new AbortController().signal;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'celeriac-spec-'));
    for (const app of APPS) {
      await mkdir(join(root, 'apps', app, 'dist'), { recursive: true });
      await writeFile(join(root, 'apps', app, 'dist', 'main.js'), APP);
    }
    env = { ...process.env, CELERY_BROKER_URL: brokerUrl, PORT: String(await freePort()) };
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  async function notes(): Promise<string[]> {
    return (await readFile(join(root, 'notes'), 'utf8')).trim().split('\n');
  }

  it('gives every app the broker, is up when all are ready, and stops the producer before the workers', async () => {
    const stack = await Stack.start({ log: silentLogger, env, root, signal: never });
    expect((await notes()).sort()).toEqual(APPS.map((app) => `${app} up`).sort());
    expect(await (await fetch(`${stack.producerUrl}/health/ready`)).text()).toBe(brokerUrl);
    expect(stack.shownBrokerUrl).not.toContain('guest');

    await stack.stop(never);
    const ends = (await notes()).slice(APPS.length);
    expect(ends[0]).toBe('producer SIGTERM');
    expect(ends.slice(1).sort()).toEqual(
      APPS.filter((app) => app !== 'producer')
        .map((app) => `${app} SIGTERM`)
        .sort(),
    );
    await expect(fetch(stack.producerUrl)).rejects.toThrow();
  });

  it('tells which part ended by itself', async () => {
    const stack = await Stack.start({ log: silentLogger, env, root, signal: never });
    const broken = stack.brokenBy();
    await fetch(`${stack.producerUrl}/die`).catch(() => undefined);
    expect(await broken).toBe('producer ended with exit code 3');
    await stack.stop(never);
    expect(await notes()).toContain('division SIGTERM');
  });

  it('kills what does not end when the person insists', async () => {
    const deaf = `${APP}\nprocess.removeAllListeners('SIGTERM');\nprocess.on('SIGTERM', () => note('deaf'));`;
    await writeFile(join(root, 'apps', 'division', 'dist', 'main.js'), deaf);
    const stack = await Stack.start({ log: silentLogger, env, root, signal: never });
    const broken = stack.brokenBy();
    await stack.stop(AbortSignal.abort());
    expect(await broken).toContain('ended with SIG');
  });

  it('says which app did not come up, and ends the others', async () => {
    await writeFile(join(root, 'apps', 'division', 'dist', 'main.js'), 'process.exit(4)');
    const starting = Stack.start({ log: silentLogger, env, root, signal: never });
    await expect(starting).rejects.toThrow('division ended with exit code 4 while starting');
  });

  it('refuses a port that is taken before it starts anything', async () => {
    const server = createServer().listen(Number(env['PORT']), '127.0.0.1');
    await once(server, 'listening');
    const starting = Stack.start({ log: silentLogger, env, root, signal: never });
    await expect(starting).rejects.toThrow(`port ${String(env['PORT'])} of 127.0.0.1 is taken`);
    server.close();
    await expect(notes()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
