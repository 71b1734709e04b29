import { Agent, get } from 'node:http';
import { once } from 'node:events';

/** What came back while a server was under load. */
export interface LoadResult {
  /** Answers with status 200, complete with their body. */
  readonly answered: number;
  /** Answers with any other status. */
  readonly refused: number;
  readonly seconds: number;
}

/**
 * Asks for `url` over so many connections, each asking again as soon as it is answered, until the time is over; requests
 * under way are waited for. Connections are kept where the server keeps them: Flask's own closes each after its answer.
 */
export async function load(url: string, connections: number, seconds: number): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const start = performance.now();
  const end = start + seconds * 1000;
  let answered = 0;
  let refused = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      if ((await statusOf(url, agent)) === 200) answered++;
      else refused++;
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  agent.destroy();
  return { answered, refused, seconds: (performance.now() - start) / 1000 };
}

function statusOf(url: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      response.resume();
      once(response, 'end').then(() => {
        resolve(response.statusCode);
      }, reject);
    });
    request.once('error', reject);
  });
}
