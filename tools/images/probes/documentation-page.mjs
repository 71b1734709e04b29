/** Runs beside the producer: prints, in JSON, the status of /docs and of all that the page loads. */
import process from 'node:process';
import { URL } from 'node:url';

const { fetch } = globalThis;
const page = new URL('http://127.0.0.1:8000/docs/');
const response = await fetch(page);
const loads = [...(await response.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(
  ([, path]) => new URL(path, page),
);
const statuses = { [page.pathname]: response.status };
for (const url of [...loads, new URL('/openapi.json', page)]) {
  const { status, body } = await fetch(url);
  await body?.cancel();
  statuses[url.pathname] = status;
}
process.stdout.write(JSON.stringify(statuses));
