/**
 * A steady load on producers over HTTP.
 *
 *     node http-caller.mjs --targets http://HOST:8000,http://… --rate 20 --records DIR --name http
 *
 * Calls start at the rate whatever becomes of those before, each on connections of its own, at the next target that is
 * ready. A target that takes no connection is passed over; nothing was sent to it. SIGTERM: no new calls, those under way are
 * waited for, at most 30 s; the last line on standard output counts what happened.
 */
/* global AbortController */
import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import { URL } from 'node:url';
import { parseArgs } from 'node:util';

import { CallRecords } from './call-records.mjs';
import { HttpCall } from './http-call.mjs';
import { randomCall } from './random-call.mjs';
import { ReadyTargets } from './ready-targets.mjs';

const drainMs = 30_000;
/** A guard against running out of sockets while no producer answers; calls beyond it are not made, and counted. */
const maxOpenCalls = 2000;

const { values } = parseArgs({
  options: {
    targets: { type: 'string' },
    rate: { type: 'string', default: '20' },
    records: { type: 'string' },
    name: { type: 'string', default: 'http' },
  },
});
const rate = Number(values.rate);
if (!values.targets || !values.records || !(rate > 0)) {
  console.error(
    'usage: http-caller.mjs --targets URL,URL --records DIR [--rate CALLS_PER_SECOND] [--name NAME]',
  );
  process.exit(2);
}
const records = new CallRecords(values.records, values.name);
const tally = { skippedTarget: 0, throttled: 0 };
const stop = new AbortController();
const abort = new AbortController();
setMaxListeners(0, abort.signal, stop.signal); // one for every open call
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stop.abort());

const urls = values.targets.split(',').map((url) => new URL(url));
const targets = new ReadyTargets(urls, abort.signal);
await targets.start();
const open = new Set();
const startedMs = performance.now();
for (let count = 0; !stop.signal.aborted; count++) {
  const dueMs = startedMs + (count * 1000) / rate - performance.now();
  if (dueMs > 0) await delay(dueMs, undefined, { signal: stop.signal }).catch(() => undefined);
  if (stop.signal.aborted) break;
  if (open.size >= maxOpenCalls) {
    tally.throttled++;
    continue;
  }
  const call = randomCall();
  const signals = { stop: stop.signal, abort: abort.signal };
  const running = new HttpCall({ call, targets, targetCount: urls.length, records, tally, ...signals }).run();
  open.add(running);
  void running.finally(() => open.delete(running));
}

const cutOff = setTimeout(() => abort.abort(), drainMs);
await Promise.all(open);
clearTimeout(cutOff);
abort.abort(); // ends the health checks
console.log(JSON.stringify({ ...records.totals, ...tally }));
