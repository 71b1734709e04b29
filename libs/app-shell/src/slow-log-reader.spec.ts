import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer, Socket, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

// specs run as CommonJS, where the folder of a module is known by this name
declare const __dirname: string;

jest.setTimeout(120_000);

/** Logged by testing/chatty-app.ts. */
const lineCount = 20_000;

interface Line {
  readonly msg: string;
  readonly level: string;
  readonly count?: number;
}

describe.each(['pipe', 'socket'] as const)('an app whose log goes to a %s that is not read', (kind) => {
  let folder: string;
  let healthUrl: string;
  let child: ChildProcess;
  let log: Readable;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'celeriac-log-'));
    const port = await freePort();
    healthUrl = `http://127.0.0.1:${port}/health/live`;
    const fifo = kind === 'pipe' ? openPipe(join(folder, 'pipe')) : undefined;
    const loader = ['--import', '@swc-node/register/esm-register', '--conditions', '@celeriac/source'];
    child = spawn(process.execPath, [...loader, join(__dirname, 'testing', 'chatty-app.ts')], {
      cwd: join(__dirname, '..', '..', '..'), // where the loader looks for its settings
      env: { PATH: process.env['PATH'], CELERIAC_HEALTH_PORT: String(port) },
      stdio: ['ignore', fifo?.writeEnd ?? 'pipe', 'inherit', 'ipc'],
    });
    if (fifo !== undefined) closeSync(fifo.writeEnd);
    log = fifo?.reader ?? child.stdout ?? fail();
    const [said] = (await once(child, 'message')) as [string];
    expect(said).toBe('all lines are logged');
  });

  afterEach(() => {
    child.kill('SIGKILL');
    log.destroy();
    rmSync(folder, { recursive: true });
  });

  it('answers health, says how many lines were dropped once it is read, and ends with its last line', async () => {
    expect((await fetch(healthUrl)).status).toBe(200);

    const lines: Line[] = [];
    for await (const text of createInterface({ input: log })) {
      const line = JSON.parse(text) as Line;
      lines.push(line);
      if (line.msg.startsWith('log lines were dropped')) child.kill('SIGTERM');
    }

    const written = lines.filter(({ msg }) => msg === 'line').length;
    const losses = lines.filter(({ msg }) => msg.startsWith('log lines were dropped'));
    expect(losses).toEqual([expect.objectContaining({ level: 'warn', count: lineCount - written })]);
    expect(losses[0]?.count).toBeGreaterThan(lineCount / 2);
    expect(lines.at(-1)).toMatchObject({ msg: 'last line' });
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
  });

  it('ends, although its log is never read', async () => {
    const exit = once(child, 'exit');

    child.kill('SIGTERM');

    expect((await exit)[0]).toBe(0);
  });

  it('lives on when the reader goes', async () => {
    log.destroy();

    expect((await fetch(healthUrl)).status).toBe(200);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
  });
});

function fail(): never {
  throw new Error('the child has no standard output');
}

/** A real pipe; what Node calls one between two processes is a socket. */
function openPipe(path: string): { reader: Socket; writeEnd: number } {
  spawnSync('mkfifo', [path]);
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return {
    reader: new Socket({ fd: readEnd, readable: true, writable: false }),
    writeEnd: openSync(path, 'w'),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
