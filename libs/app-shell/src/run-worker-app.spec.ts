import { defineHolder, implement, plainTask } from '@celeriac/task-registry';
import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWorkerApp } from './run-worker-app.ts';

const implemented = implement(defineHolder('addition', { add: plainTask() }), { add: () => 1 });

class FakeProcess extends EventEmitter {
  readonly env: NodeJS.ProcessEnv;
  readonly exitCodes: number[] = [];
  printed = '';
  readonly stderr = { write: (text: string): number => (this.printed += text).length };

  constructor(env: NodeJS.ProcessEnv) {
    super();
    this.env = env;
  }

  exit(code: number): void {
    this.exitCodes.push(code);
  }
}

describe('runWorkerApp', () => {
  /** Takes connections and says nothing: a broker that never gets as far as the handshake. */
  let silentBroker: Server;
  let brokerUrl: string;

  beforeEach(async () => {
    silentBroker = createServer((socket) => socket.resume().on('error', () => undefined)); // reset by the client
    silentBroker.listen(0, '127.0.0.1');
    await once(silentBroker, 'listening');
    brokerUrl = `amqp://guest:hunter2@127.0.0.1:${(silentBroker.address() as AddressInfo).port}//`;
  });

  afterEach(async () => {
    silentBroker.close();
    await once(silentBroker, 'close');
  });

  it('connects a worker to the broker of the environment, and stops it on TERM with 0', async () => {
    const host = new FakeProcess({
      CELERY_BROKER_URL: brokerUrl,
      CELERY_BROKER_CONNECTION_TIMEOUT: '0.05',
      CELERIAC_LOG_LEVEL: 'debug',
      CELERIAC_NODE_NAME: 'w1@%h',
    });
    const connected = once(silentBroker, 'connection');
    const lines: string[] = [];

    const ended = runWorkerApp(implemented, {
      process: host,
      destination: { write: (line) => lines.push(line) },
    });
    await connected;
    host.emit('SIGTERM');
    await ended;

    expect(host.exitCodes).toEqual([0]);
    expect(host.printed).toBe('');
    const log = lines.join('');
    expect(log).toContain(`"nodeName":"w1@${hostname()}"`);
    expect(log).not.toContain('hunter2');
    expect(lines.every((line) => (JSON.parse(line) as { name: string }).name === 'addition')).toBe(true);
  });

  it('gives the worker a state file named for its node, and its signals to whoever connects', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'celeriac-run-'));
    const host = new FakeProcess({
      CELERY_BROKER_URL: brokerUrl,
      CELERIAC_LOG_LEVEL: 'silent',
      CELERIAC_NODE_NAME: 'w1@box',
      CELERY_BROKER_CONNECTION_TIMEOUT: '0.05',
      CELERY_WORKER_STATE_DB: join(folder, '%n-%h.state'),
    });
    const connected = once(silentBroker, 'connection');
    const heard: string[] = [];

    const ended = runWorkerApp(implemented, {
      process: host,
      connect: ({ workerInit, workerShuttingDown, workerShutdown }) => {
        workerInit.connect(({ nodeName }) => heard.push(`init ${nodeName}`));
        workerShuttingDown.connect(({ how }) => heard.push(how));
        workerShutdown.connect(({ nodeName }) => heard.push(`shutdown ${nodeName}`));
      },
    });
    await connected;
    host.emit('SIGQUIT');
    await ended;

    expect(await readdir(folder)).toEqual(['w1-box.state']);
    expect(heard).toEqual(['init w1@box', 'cold', 'shutdown w1@box']);
    expect(host.exitCodes).toEqual([1]);
    await rm(folder, { recursive: true });
  });

  it('serves the tasks of several holders, and is named after the first', async () => {
    const other = implement(defineHolder('subtraction', { subtract: plainTask() }), { subtract: () => 1 });
    const host = new FakeProcess({ CELERY_BROKER_URL: brokerUrl, CELERY_BROKER_CONNECTION_TIMEOUT: '0.05' });
    const connected = once(silentBroker, 'connection');
    const lines: string[] = [];
    const names: string[] = [];

    const ended = runWorkerApp([implemented, other], {
      process: host,
      destination: { write: (line) => lines.push(line) },
      connect: ({ workerInit }) => workerInit.connect(({ nodeName }) => names.push(nodeName)),
    });
    await connected;
    host.emit('SIGTERM');
    await ended;

    expect(host.exitCodes).toEqual([0]);
    expect(names).toEqual([`addition@${hostname()}`]);
    expect((JSON.parse(lines[0] ?? '') as { name: string }).name).toBe('addition');
  });

  it('refuses to run without a holder', async () => {
    await expect(runWorkerApp([])).rejects.toThrow('a worker needs at least one holder of tasks');
  });

  it('prints a state file that is none, and connects to nothing', async () => {
    const host = new FakeProcess({ CELERY_BROKER_URL: brokerUrl, CELERY_WORKER_STATE_DB: __filename });

    await runWorkerApp(implemented, { process: host, destination: { write: () => undefined } });

    expect(host.printed).toContain('addition: worker_state_db: the file ');
    expect(host.exitCodes).toEqual([1]);
  });

  it('prints a wrong setting and connects to nothing', async () => {
    const host = new FakeProcess({ CELERY_BROKER_URL: brokerUrl, CELERY_WORKER_CONCURRENCY: 'x' });
    const connections: unknown[] = [];
    silentBroker.on('connection', (socket) => connections.push(socket));

    await runWorkerApp(implemented, { process: host });

    expect(host.exitCodes).toEqual([1]);
    expect(host.printed).toContain('CELERY_WORKER_CONCURRENCY must be a whole number');
    expect(connections).toEqual([]);
  });
});
