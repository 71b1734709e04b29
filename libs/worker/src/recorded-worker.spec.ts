/**
 * The recorded conversations of Python workers, had with ours: the client's messages are replayed and what the worker
 * does is compared as a set, order apart (Celery's processes keep none): results to the byte but for dates and
 * tracebacks, the calls that follow with their headers, the properties of both, and how each message is settled.
 */
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { writeJson } from '@celeriac/protocol';
import { RpcResultStore } from '@celeriac/result-backend';
import {
  deliveryOf,
  loadVectors,
  until,
  type RecordedAction,
  type RecordedCase,
  type RecordedVersion,
} from '@celeriac/testing';
import { covered, notCovered, unedited } from './testing/recorded-cases.ts';
import { recordedTasks } from './testing/recorded-tasks.ts';
import type { WorkerSettings } from './worker-settings.ts';
import { Worker } from './worker.ts';

const versions: readonly RecordedVersion[] = ['celery-5.2.6', 'celery-5.6.3', 'celery-main'];

function casesOf(version: RecordedVersion): ReadonlyMap<string, RecordedCase> {
  return new Map(loadVectors('worker-rpc', version).cases.map((recorded) => [recorded.name, recorded]));
}

function callsOf({ trace = [] }: RecordedCase): RecordedAction[] {
  return trace.filter(
    ({ action, by, exchange, routing_key: key }) =>
      action === 'publish' && by === 'client' && exchange === '' && key === 'celery',
  );
}

interface WithHeaders {
  readonly headers?: Readonly<Record<string, unknown>> | null;
}

function isCall({ headers }: WithHeaders): boolean {
  return headers?.['task'] !== undefined;
}

/** Results, and calls that follow. */
function publishedBy({ trace = [] }: RecordedCase): RecordedAction[] {
  return trace.filter(
    ({ action, by, exchange }) => action === 'publish' && by === 'worker' && exchange === '',
  );
}

/** What is told of a result: everything but dates, tracebacks, and ids that differ from run to run. */
function shown(text: string, ids: readonly string[]): string {
  const anonymous = ids.reduce((left, id, index) => left.replaceAll(id, `<id ${String(index)}>`), text);
  return anonymous
    .replace(/"date_done": "[^"]*"/, '"date_done": "<date>"')
    .replace(/"traceback": "(?:[^"\\]|\\.)*"/, '"traceback": "<text>"');
}

/** Every id that the client chose, in the order of its messages. */
function idsIn(calls: readonly RecordedAction[]): string[] {
  const ids = calls.flatMap(({ headers, properties, body_text: body = '' }) => [
    headers?.['id'] ?? /"id": "([^"]*)"/.exec(body)?.[1],
    headers?.['group'],
    headers?.['origin'],
    properties?.['reply_to'],
    ...[...body.matchAll(/"task_id": "([^"]*)"/g)].map(([, id]) => id), // steps of a chain
  ]);
  return [...new Set(ids.filter((id) => typeof id === 'string' && id.length > 3))] as string[];
}

/** The ids that the worker chose for what follows, in the order of its calls. */
function newIdsIn(published: readonly WithHeaders[], known: readonly string[]): string[] {
  const ids = published.filter(isCall).flatMap(({ headers }) => [headers?.['id'], headers?.['group']]);
  return [...new Set(ids.filter((id) => typeof id === 'string' && !known.includes(id)))] as string[];
}

/** A call that follows, with its route, properties and headers, as one line; language and name of the sender apart. */
function callLine(
  target: string | undefined,
  properties: unknown,
  { lang, origin, ...headers }: Readonly<Record<string, unknown>>,
  text: string,
  ids: readonly string[],
): string {
  expect([lang, origin]).toEqual([expect.stringMatching(/^(py|js)$/), expect.stringMatching(/^gen\d+@./)]);
  return resultLine(target, properties, `${JSON.stringify(headers)} ${text}`, ids);
}

/** A result with its route and properties, as one line. */
function resultLine(
  target: string | undefined,
  properties: unknown,
  text: string,
  ids: readonly string[],
): string {
  return shown(`to ${String(target)} ${JSON.stringify(properties)} ${text}`, ids);
}

/** What Python did in the case, in the form of its newest release, which is the one we write. */
function expectedOf(name: string): { results: string[]; settled: string[] } {
  const recorded = newest.get(name);
  const { settled, edit = unedited } = covered[name] ?? {};
  if (recorded === undefined) throw new Error(`no recorded case ${name}`);
  const calls = callsOf(recorded);
  const published = publishedBy(recorded);
  const known = idsIn(calls);
  const ids = [...known, ...newIdsIn(published, known)];
  const isAwaited = (queue: unknown) => calls.some(({ properties }) => properties?.['reply_to'] === queue);
  const results = published.flatMap((message) => {
    const { routing_key: key, properties = {}, headers, body_text: text = '' } = message;
    const { content_type, content_encoding, delivery_mode, priority, correlation_id, reply_to } = properties;
    const sorted = { content_type, content_encoding, delivery_mode, priority, correlation_id };
    // results of callbacks go to a queue of the worker's own there, which nobody reads; here they are not sent
    if (isCall(message))
      return [
        callLine(key, { ...sorted, reply_to: isAwaited(reply_to) ? reply_to : '' }, headers ?? {}, text, ids),
      ];
    return published.some(isCall) && !isAwaited(key) ? [] : [resultLine(key, sorted, edit(text), ids)];
  });
  const acknowledgements = (recorded.trace ?? []).flatMap(({ action }) =>
    action === 'basic.ack' ? ['acked'] : action === 'basic.reject' ? ['rejected'] : [],
  );
  if (name === 'bad_kwargs_not_mapping') results.push(...failureForBadKwargs(recorded));
  return { results: results.sort(), settled: [...(settled ?? acknowledgements)].sort() };
}

/** Where Celery says nothing, the caller is told by ours: SPEC.md §7.3. */
function failureForBadKwargs(recorded: RecordedCase): string[] {
  const [call] = callsOf(recorded);
  const result = {
    exc_type: 'InvalidTaskError',
    exc_message: ['<reason>'],
    exc_module: 'celery.exceptions',
  };
  const properties = {
    content_type: 'application/json',
    content_encoding: 'utf-8',
    delivery_mode: 1,
    priority: 0,
    correlation_id: call?.headers?.['id'],
  };
  const text = `{"status": "FAILURE", "result": ${writeJson(result)}, "traceback": null, "children": [], "date_done": "-", "task_id": "${String(call?.headers?.['id'])}"}`;
  return [resultLine('some.reply.queue', properties, text, idsIn(callsOf(recorded)))];
}

const newest = casesOf('celery-main');

/** Replays a case at a worker of ours and tells what it did. */
async function replay(
  recorded: RecordedCase,
  settings: Partial<WorkerSettings>,
  messageCount: number,
): Promise<{ results: string[]; settled: string[] }> {
  const transport = new InMemoryTransport();
  const calls = callsOf(recorded);
  const worker = new Worker({
    transport,
    store: new RpcResultStore({ transport }),
    holders: [recordedTasks],
    nodeName: 'w1@vec',
    settings,
  });
  await worker.start();
  for (const call of calls) transport.put('celery', deliveryOf(call));
  const { journal } = transport;
  const settledCount = () => journal.of('acked').length + journal.of('rejected').length;
  await until(
    () => {
      jest.advanceTimersByTime(100); // for what is held until its eta
      return settledCount() === messageCount;
    },
    { what: `${recorded.name}: all messages are settled` },
  );
  await worker.stop();
  const known = idsIn(calls);
  const ids = [...known, ...newIdsIn(transport.published, known)];
  const results = transport.published.map((message) => {
    const { routingKey, properties, headers, body } = message;
    const { contentType, contentEncoding, deliveryMode, priority, correlationId, ...others } = properties;
    const sorted = {
      content_type: contentType,
      content_encoding: contentEncoding,
      delivery_mode: deliveryMode,
      priority,
      correlation_id: correlationId,
    };
    if (isCall(message)) {
      const { replyTo = '', ...rest } = others;
      expect(rest).toEqual({});
      return callLine(routingKey, { ...sorted, reply_to: replyTo }, headers, body.toString(), ids);
    }
    expect([headers, others]).toEqual([{}, {}]);
    return resultLine(routingKey, sorted, ownReasons(body.toString()), ids);
  });
  const settled = journal.entries.flatMap((entry) => {
    if (entry.event === 'rejected') expect(entry.requeue).toBe(false);
    return entry.event === 'acked' || entry.event === 'rejected' ? [entry.event] : [];
  });
  return { results: results.sort(), settled: settled.sort() };
}

/** Texts of ours that no recording can have. */
function ownReasons(text: string): string {
  return text
    .replace(/("exc_type": "EncodeError", "exc_message": \[)"value[^"]*"/, '$1"<reason>"')
    .replace(/("exc_type": "InvalidTaskError", "exc_message": \[)"[^"]+"/, '$1"<reason>"')
    .replace(/"\(\) => (?:[^"\\]|\\.)*"|"<function[^"]*"/, '"<repr>"');
}

/** Shortly before the eta or the expiry of a recorded call, whichever is first; the present for calls without. */
function momentOf(recorded: RecordedCase): number {
  if (recorded.name.startsWith('expired_on') || recorded.name === 'expired_naive') return Date.now();
  const dates = callsOf(recorded).flatMap(({ headers }) =>
    [headers?.['eta'], headers?.['expires']].filter(
      (date) => typeof date === 'string' && !date.endsWith('Z'),
    ),
  ) as string[];
  const [first] = dates.map(Date.parse).filter(Number.isFinite).sort();
  return first === undefined ? Date.now() : first - 500;
}

describe.each(versions)('a worker that gets what %s’s worker got', (version) => {
  const cases = casesOf(version);

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is given every case, or there is a reason why not', () => {
    const listed = [...Object.keys(covered), ...Object.keys(notCovered)];
    expect(listed.sort()).toEqual([...cases.keys()].sort());
  });

  it.each(Object.entries(covered))('does the same: %s', async (name, { settings = {} }) => {
    const recorded = cases.get(name);
    if (recorded === undefined) throw new Error(`no recorded case ${name}`);
    jest.setSystemTime(momentOf(recorded));
    const expected = expectedOf(name);
    for (const taskAcksLate of [true, false])
      expect(await replay(recorded, { taskAcksLate, ...settings }, expected.settled.length)).toEqual(
        expected,
      );
  });
});
