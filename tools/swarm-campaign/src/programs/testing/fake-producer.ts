import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface Published {
  readonly id: string;
  readonly task: string;
  readonly args: unknown;
}

/** What a request is met with: a status and a body, which may be JSON text, or an end of its connection. */
export type Answer = readonly [status: number, body: object | string] | 'reset';

/** Answers the `attempt`-th publish of a call (from 1), or the `attempt`-th question for its result. */
export type Script = (call: Published, attempt: number) => Answer | Promise<Answer>;

export interface Scripts {
  readonly publish?: Script;
  readonly result?: Script;
}

export const accepted: Answer = [202, {}];

export function problem(kind: string, status: number): Answer {
  return [status, { type: `urn:celeriac:problem:${kind}`, status }];
}

export function success(result: unknown): Answer {
  return [200, { state: 'SUCCESS', result }];
}

/** Speaks the producer's HTTP by script. By default it takes every call and answers every question with 0. */
export class FakeProducer {
  readonly #server: Server;
  readonly #scripts: Scripts;
  readonly #calls = new Map<string, Published>();
  readonly #attempts = new Map<string, number>();

  private constructor(scripts: Scripts) {
    this.#scripts = scripts;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(scripts: Scripts = {}): Promise<FakeProducer> {
    const producer = new FakeProducer(scripts);
    producer.#server.listen(0, '127.0.0.1');
    await once(producer.#server, 'listening');
    return producer;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Number of calls it was given. */
  get callCount(): number {
    return this.#calls.size;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answer(request);
    if (answer === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    const [status, body] = answer;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { publish = () => accepted, result = () => success(0) } = this.#scripts;
    const path = new URL(request.url ?? '', this.url).pathname.replace('/tasks/', '');
    if (request.method === 'GET') {
      const call = this.#calls.get(path);
      return call === undefined
        ? problem('unknown-result', 404)
        : result(call, this.#count(`result ${path}`));
    }
    const body = (await json(request)) as { readonly args: unknown; readonly options: { task_id: string } };
    const call = { id: body.options.task_id, task: path, args: body.args };
    this.#calls.set(call.id, call);
    return publish(call, this.#count(`publish ${call.id}`));
  }

  #count(what: string): number {
    const count = (this.#attempts.get(what) ?? 0) + 1;
    this.#attempts.set(what, count);
    return count;
  }
}
