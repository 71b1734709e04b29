import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeCurl } from './curl.ts';
import { Program } from './program.ts';

describe('writeCurl', () => {
  let folder: string;
  let server: Server;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'celeriac-spec-'));
    await writeCurl(folder);
    // answers with what it was asked
    server = createServer((request, response) => {
      response.write(
        `${request.method ?? ''} ${request.url ?? ''} ${request.headers['content-type'] ?? '-'}: `,
      );
      request.pipe(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });

  it.each([
    ["-s 'URL/tasks/my-sum?wait=5'", 'GET /tasks/my-sum?wait=5 -: '],
    ["-s -H 'content-type: application/json' -d '{\"a\": 1}' URL/x", 'POST /x application/json: {"a": 1}'],
  ])('makes a program that does as curl with %s', async (args, answer) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const line = `"${join(folder, 'curl')}" ${args.replace('URL', url)}`;
    expect(await new Program(line, { cwd: folder, env: process.env }).finish()).toBe(answer);
  });

  it('tells when there is nobody to ask', async () => {
    const asking = new Program(`"${join(folder, 'curl')}" http://127.0.0.1:1/`, {
      cwd: folder,
      env: process.env,
    });
    await expect(asking.finish()).rejects.toThrow('ended with 1');
  });
});
