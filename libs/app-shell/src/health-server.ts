import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServerOptions {
  /** Address to listen on; a loopback address keeps the answers on the machine. */
  readonly host: string;
  /** Port to listen on; 0 takes a free one. */
  readonly port: number;
  /** Whether the process works; when not, an orchestrator restarts it. */
  isLive(): boolean;
  /** Whether it does its job at this moment, such as consuming; when not, it may come back by itself. */
  isReady(): boolean;
  /** An app that has not been ready yet counts as started after this time, in ms. */
  readonly startupTimeoutMs: number;
}

/**
 * Answers `GET /health/live`, `/health/ready` and `/health/startup` with 200 or 503 and `{"status": …}`; HEAD alike, other
 * methods with 405, other paths with 404. It never keeps the process alive.
 *
 * Startup is liveness for an orchestrator that has one kind of health and rolls updates by it, such as Swarm: it says no
 * until the app was seen ready once, so that the next one is not replaced before, but for a limited time, so that an app
 * whose broker is away is not killed for it.
 */
export class HealthServer {
  /** Where it listens; the port is the real one where 0 was asked for. */
  readonly address: AddressInfo;
  readonly #server: Server;
  #closing: Promise<void> | undefined;

  private constructor(server: Server) {
    this.#server = server;
    this.address = server.address() as AddressInfo; // a string only for pipes, null only when not listening
  }

  /** Listens. Rejects with the system's error when the address cannot be had, such as `EADDRINUSE`. */
  static async start(options: HealthServerOptions): Promise<HealthServer> {
    const startedAt = performance.now();
    let isStarted = false;
    const hasStarted = (): boolean => {
      isStarted ||= options.isReady() || performance.now() - startedAt >= options.startupTimeoutMs;
      return isStarted && options.isLive();
    };
    const probes: Probes = new Map([
      ['/health/live', () => (options.isLive() ? [200, 'live'] : [503, 'not live'])],
      ['/health/ready', () => (options.isReady() ? [200, 'ready'] : [503, 'not ready'])],
      ['/health/startup', () => (hasStarted() ? [200, 'started'] : [503, 'starting'])],
    ]);
    const server = createServer((request, response) => {
      answer(probes, request, response);
    });
    server.on('connection', (socket) => socket.unref());
    server.listen({ host: options.host, port: options.port });
    await once(server, 'listening');
    server.on('error', () => undefined); // a connection that could not be accepted; its client sees it fail
    server.unref();
    return new HealthServer(server);
  }

  /** Stops listening and drops open connections. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
    return this.#closing;
  }
}

/** By path: status code, and the word for the body. */
type Probes = ReadonlyMap<string, () => readonly [number, string]>;

function answer(probes: Probes, request: IncomingMessage, response: ServerResponse): void {
  const probe = probes.get((request.url ?? '').split('?', 1)[0] ?? '');
  if (probe === undefined) send(response, 404, 'not found');
  else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    send(response, 405, 'method not allowed');
  } else {
    send(response, ...probe());
  }
}

function send(response: ServerResponse, code: number, status: string): void {
  const body = JSON.stringify({ status });
  // a probe comes once: a connection kept open for the next one would only hold up close()
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  });
  response.end(body);
}
