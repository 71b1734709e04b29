import type { RecordedCase, RecordedMessage, RecordedVersion } from '@celeriac/testing';
import { deliveryOf, loadVectors } from '@celeriac/testing';
import type { TaskCall } from './encode-task-message.ts';
import { encodeTaskMessage } from './encode-task-message.ts';
import { parseIsoformat } from './isoformat.ts';
import type { IncomingMessage } from './message.ts';
import type { OpenedTask } from './open-task-message.ts';
import { openTaskMessage } from './open-task-message.ts';
import { parseJson } from './parse-json.ts';
import { ContentDisallowedError, DecodeError } from './protocol-error.ts';
import { writeJson } from './write-json.ts';

const versions: readonly RecordedVersion[] = ['celery-5.2.6', 'celery-5.6.3', 'celery-main'];

interface Recorded {
  readonly title: string;
  readonly name: string;
  readonly version: RecordedVersion;
  readonly message: RecordedMessage;
}

function isTask({ headers, body_text: text }: RecordedMessage): boolean {
  return headers !== null && 'task' in headers ? true : text?.startsWith('{"task"') === true;
}

function messagesOf(version: RecordedVersion): Recorded[] {
  return loadVectors('task-messages', version).cases.flatMap(({ name, messages = [] }: RecordedCase) =>
    messages
      .filter(isTask)
      .map((message, index) => ({ title: `${version} ${name} ${index}`, name, version, message })),
  );
}

const recorded = versions.flatMap(messagesOf);

/** What the default does not accept, and a case whose user data is a broken envelope to kombu 5.3 and newer. */
const refusals = new Map<string, typeof ContentDisallowedError | typeof DecodeError>([
  ['msgpack', ContentDisallowedError],
  ['yaml', ContentDisallowedError],
  ['pickle', ContentDisallowedError],
  ['typed_json_literal_envelope', DecodeError],
]);

/** The recorder could not read brotli; the call is the one that was also recorded with gzip. */
const brotliText = '[[2, 3], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]';

function textOf({ headers, body_text: text }: RecordedMessage): string {
  return headers?.['compression'] === 'application/x-brotli' ? brotliText : (text ?? '');
}

function lossless(text: string): string {
  return writeJson(parseJson(text, { floats: 'keep' }));
}

const readable = recorded.filter(({ name }) => !refusals.has(name));
const refused = recorded.filter(({ name }) => refusals.has(name));

it('finds the recordings', () => {
  expect(readable.length).toBeGreaterThan(200);
  expect(new Set(refused.map(({ name }) => name))).toEqual(new Set(refusals.keys()));
});

describe('openTaskMessage on the recorded messages', () => {
  it.each(readable)('reads $title', ({ message }) => {
    const task = openTaskMessage(deliveryOf(message));
    const request = task.readRequest();
    const { args, kwargs, embed } = task.readBody({ floats: 'keep' });
    const text = textOf(message);
    if (task.isProtocol1) {
      expect(lossless(text)).toBe(text);
      expect(request.protocol).toBe(1);
    } else {
      expect(writeJson([args, kwargs, embed])).toBe(text);
      expect(task.name).toBe(message.headers?.['task']);
      expect(task.id).toBe(message.headers?.['id']);
      expect(request.rootId).toBe(message.headers?.['root_id']);
    }
    expect(request.correlationId).toBe(message.properties['correlation_id']);
    expect(task.replyTo ?? '').toBe(message.properties['reply_to'] ?? '');
  });

  it.each(refused)('refuses $title', ({ name, message }) => {
    const task = openTaskMessage(deliveryOf(message));
    expect(task.id).toBe(message.headers?.['id']);
    expect(() => task.readBody()).toThrow(refusals.get(name));
  });

  it('reads a protocol 1 message with dates, limits and a callback', () => {
    const found = recorded.find(({ title }) => title === 'celery-main v1_eta_expires_link 0');
    const task = openTaskMessage(deliveryOf(found?.message ?? {}));
    expect(task.readRequest()).toMatchObject({
      protocol: 1,
      eta: new Date('2030-01-01T00:00:00Z'),
      expires: new Date('2030-01-02T00:00:00Z'),
      timeLimits: { hardMs: 30_000, softMs: 20_000 },
      rootId: task.id,
      headers: {},
    });
    expect(task.readBody()).toMatchObject({
      args: [2, 3],
      kwargs: {},
      embed: { callbacks: [{ args: [4] }], chain: null },
    });
  });

  it('gives the caller headers of its own, and those alone', () => {
    const found = recorded.find(({ title }) => title === 'celery-main custom_headers 0');
    const { headers } = openTaskMessage(deliveryOf(found?.message ?? {})).readRequest();
    expect(headers).toEqual({
      tenant: 'acme',
      n: 7,
      big: 2 ** 40,
      f: 1.5,
      flag: true,
      nested: { a: [1, 'x', null] },
    });
  });
});

/** The call that a client of ours would have made for a message. */
function callOf(task: OpenedTask, { headers, properties }: IncomingMessage): TaskCall {
  const request = task.readRequest();
  const ttl = Number(properties.expiration ?? 0);
  return {
    ...task.readBody({ floats: 'keep' }),
    name: request.name,
    id: request.id,
    replyTo: request.replyTo,
    eta: request.eta,
    expires: request.expires,
    now: request.expires === undefined ? undefined : new Date(request.expires.getTime() - ttl),
    retries: request.retries,
    priority: properties.priority,
    timeLimits: request.timeLimits,
    group: request.group,
    groupIndex: request.groupIndex,
    rootId: request.rootId,
    parentId: request.parentId,
    shadow: request.shadow,
    headers: request.headers,
    ignoreResult: request.ignoreResult,
    replacedTaskNesting: request.replacedTaskNesting,
    stampedHeaders: headers['stamped_headers'] === null ? undefined : request.stampedHeaders,
    stamps: request.stamps,
    origin: request.origin ?? '',
    tupleArgs: request.argsrepr?.startsWith('('),
    deliveryMode: properties.deliveryMode === 1 ? 1 : 2,
  };
}

/** Cases whose argsrepr shows what JSON has lost: tuples, keys that are no strings, an object; or was given by the caller. */
const ownReprs = new Set([
  'argsrepr_override',
  'json_tuple_set_keys',
  'map',
  'starmap',
  'chunks',
  'typed_json_literal_envelope',
]);

const current = readable.filter(
  ({ version, message }) =>
    version === 'celery-main' && message.headers !== null && 'task' in message.headers,
);

/** Cases that Python compressed; their bodies are compared as they are without. */
const compressed = new Set(['gzip', 'bzip2', 'lzma', 'brotli']);

describe('encodeTaskMessage on the recorded calls', () => {
  it.each(current)('writes $title as Celery does', ({ name, message }) => {
    const incoming = deliveryOf(message);
    const { compression, ...headers } = incoming.headers;
    const outgoing = encodeTaskMessage(callOf(openTaskMessage(incoming), incoming));

    expect(outgoing.body.toString()).toBe(textOf(message));
    expect(Object.keys(outgoing.headers)).toEqual(Object.keys(headers));
    const { lang, eta, expires, argsrepr, kwargsrepr, ...rest } = outgoing.headers;
    expect(lang).toBe('js');
    expect(rest).toEqual(Object.fromEntries(Object.keys(rest).map((key) => [key, headers[key]])));
    for (const [date, original] of [
      [eta, headers['eta']],
      [expires, headers['expires']],
    ]) {
      expect(typeof date === 'string' ? parseIsoformat(date) : date).toEqual(
        typeof original === 'string' ? parseIsoformat(original) : original,
      );
    }
    if (!ownReprs.has(name))
      expect({ argsrepr, kwargsrepr }).toEqual({
        argsrepr: headers['argsrepr'],
        kwargsrepr: headers['kwargsrepr'],
      });
    expect(compression === undefined || compressed.has(name)).toBe(true);
    expect(outgoing.properties).toEqual({
      ...incoming.properties,
      // a router that names a queue makes Python forget its default
      priority: incoming.properties.priority ?? 0,
      // RabbitMQ would refuse what Python writes there
      expiration: name === 'expires_beyond_rabbitmq_limit' ? undefined : incoming.properties.expiration,
    });
  });
});

describe('messages in other serializers', () => {
  const acceptContent = ['json', 'msgpack', 'yaml'];
  const others = recorded.filter(({ name }) => name === 'msgpack' || name === 'yaml');

  it('are there, one of each for each release', () => {
    expect(others).toHaveLength(6);
  });

  it.each(others)('are read and written again, byte for byte: $title', ({ name, message }) => {
    const incoming = deliveryOf(message);
    const task = openTaskMessage(incoming, { acceptContent });
    expect(task.readBody()).toMatchObject({ args: [1, 'a', 1.5, null, [1, 2]], embed: { chain: null } });
    const serializer = name === 'msgpack' ? 'msgpack' : 'yaml';
    const { properties, body } = encodeTaskMessage({ ...callOf(task, incoming), serializer });
    expect(body.toString('hex')).toBe(incoming.body.toString('hex'));
    expect(properties.contentType).toBe(incoming.properties.contentType);
    expect(properties.contentEncoding).toBe(incoming.properties.contentEncoding);
  });

  it.each(others)('are refused where they are not accepted, and name what is: $title', ({ message }) => {
    const task = openTaskMessage(deliveryOf(message), { acceptContent: ['json'] });
    expect(() => task.readBody()).toThrow('content type must be one of application/json, got');
  });
});
