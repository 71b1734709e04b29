import type { RecordedVersion } from '@celeriac/testing';
import { deliveryOf, loadVectors } from '@celeriac/testing';
import fc from 'fast-check';
import type { IncomingMessage } from './message.ts';
import type { OpenTaskOptions, TaskRequest } from './index.ts';
import { compressionNames, openTaskMessage, ProtocolError } from './index.ts';

/** Opens a message and reads all of it, as a worker that knows the task does. */
function readAll(message: IncomingMessage, options?: OpenTaskOptions): TaskRequest {
  const task = openTaskMessage(message, options);
  const request = task.readRequest();
  task.readBody();
  return request;
}

function errorOf(message: IncomingMessage, options?: OpenTaskOptions): ProtocolError {
  try {
    readAll(message, options);
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error('expected a ProtocolError');
}

/** What each recorded malformed message is refused with. */
const refusals: Readonly<Record<string, { code: string; reason: string; isReportable?: boolean }>> = {
  bad_no_task_header_no_body_task: { code: 'ERR_UNKNOWN_MESSAGE', reason: 'unknown-message' },
  bad_json_v1: { code: 'ERR_DECODE', reason: 'body-not-decodable' },
  bad_json_v2: { code: 'ERR_DECODE', reason: 'body-not-decodable' },
  bad_typed_json: { code: 'ERR_DECODE', reason: 'body-not-decodable' },
  bad_compression: { code: 'ERR_DECODE', reason: 'compression-corrupt' },
  unknown_compression: { code: 'ERR_DECODE', reason: 'compression-not-supported' },
  bad_eta: { code: 'ERR_INVALID_TASK', reason: 'date-not-parsable', isReportable: false },
  bad_expires: { code: 'ERR_INVALID_TASK', reason: 'date-not-parsable', isReportable: false },
  bad_content_type_pickle: { code: 'ERR_CONTENT_DISALLOWED', reason: 'content-type-refused' },
  bad_content_type_unknown: { code: 'ERR_CONTENT_DISALLOWED', reason: 'content-type-refused' },
  text_plain_content_type: { code: 'ERR_CONTENT_DISALLOWED', reason: 'content-type-refused' },
  no_content_type: { code: 'ERR_CONTENT_DISALLOWED', reason: 'content-type-missing' },
  bad_no_id_header: { code: 'ERR_INVALID_TASK', reason: 'id-invalid', isReportable: false },
  bad_body_not_triple: { code: 'ERR_INVALID_TASK', reason: 'body-not-a-triple', isReportable: false },
  bad_kwargs_not_mapping: { code: 'ERR_INVALID_TASK', reason: 'kwargs-not-a-mapping', isReportable: true },
};

const versions: readonly RecordedVersion[] = ['celery-5.2.6', 'celery-5.6.3', 'celery-main'];

const recorded = versions.flatMap((version) =>
  loadVectors('worker-rpc', version).cases.flatMap(({ name, trace = [] }) =>
    trace
      .filter(
        ({ action, by, routing_key: key, exchange }) =>
          action === 'publish' && by === 'client' && exchange === '' && key === 'celery',
      )
      .map((action) => ({ ...action, name, title: `${version} ${name}` })),
  ),
);
const good = recorded.filter(({ name }) => refusals[name] === undefined);
const bad = recorded.filter(({ name }) => refusals[name] !== undefined);

describe('messages that Python workers were sent', () => {
  it('are all there', () => {
    expect(new Set(bad.map(({ name }) => name))).toEqual(new Set(Object.keys(refusals)));
    expect(good.length).toBeGreaterThan(200);
  });

  it.each(good)('are read: $title', (message) => {
    expect(readAll(deliveryOf(message)).name).not.toBe('');
  });

  it.each(bad)('are refused: $title', (message) => {
    expect(errorOf(deliveryOf(message))).toMatchObject(refusals[message.name] ?? {});
  });

  it('are told by name and reply queue even when the body is refused', () => {
    const message = bad.find(({ name }) => name === 'bad_kwargs_not_mapping');
    expect(openTaskMessage(deliveryOf(message ?? {}))).toMatchObject({
      name: 'tasks.add',
      replyTo: 'some.reply.queue',
    });
  });
});

const v2 = { task: 'tasks.add', id: 'an-id' };

function message(
  body: string | Buffer,
  headers: Record<string, unknown> = v2,
  contentType = 'application/json',
): IncomingMessage {
  return { properties: { contentType }, headers, body: Buffer.from(body) };
}

describe('what is refused beyond the recorded cases', () => {
  it.each<[string, IncomingMessage, string, string]>([
    [
      'a name that is no string',
      message('[[], {}, {}]', { task: null, id: 'x' }),
      'task-name-invalid',
      'got None',
    ],
    ['an empty name', message('[[], {}, {}]', { task: '', id: 'x' }), 'task-name-invalid', "got ''"],
    ['an empty id', message('[[], {}, {}]', { task: 't', id: '' }), 'id-invalid', "got ''"],
    ['a protocol 1 body without id', message('{"task": "t"}', {}), 'id-invalid', 'got None'],
    [
      'a protocol 1 body whose kwargs are a list',
      message('{"task": "t", "id": "x", "kwargs": []}', {}),
      'kwargs-not-a-mapping',
      'list',
    ],
    ['args that are no array', message('[{}, {}, {}]'), 'args-not-an-array', 'got dict'],
    ['a body of four parts', message('[[], {}, {}, {}]'), 'body-not-a-triple', 'got 4 items'],
    ['a body that is an object', message('{"a": 1}'), 'body-not-a-triple', 'got dict'],
    ['an embed that is no object', message('[[], {}, []]'), 'embed-invalid', 'got list'],
    ['callbacks that are no list', message('[[], {}, {"callbacks": {}}]'), 'embed-invalid', 'callbacks'],
    ['errbacks that are no signatures', message('[[], {}, {"errbacks": [1]}]'), 'embed-invalid', 'errbacks'],
    ['a chord that is no signature', message('[[], {}, {"chord": {"task": 1}}]'), 'embed-invalid', 'chord'],
    ['an empty body', message(''), 'body-not-decodable', 'found the end'],
    ['a body that is no UTF-8', message(Buffer.from([0x5b, 0xff])), 'body-not-decodable', 'UTF-8'],
    ['a body with a byte order mark', message('\ufeff[[], {}, {}]'), 'body-not-decodable', 'character 0'],
    ['an eta that is a number', message('[[], {}, {}]', { ...v2, eta: 17 }), 'date-not-parsable', 'eta'],
    [
      'a limit that is no pair',
      message('[[], {}, {}]', { ...v2, timelimit: [1] }),
      'header-invalid',
      'timelimit',
    ],
    [
      'a limit that is negative',
      message('[[], {}, {}]', { ...v2, timelimit: [-1, null] }),
      'header-invalid',
      'got -1',
    ],
    [
      'retries that are no count',
      message('[[], {}, {}]', { ...v2, retries: 'two' }),
      'header-invalid',
      "got 'two'",
    ],
    ['a group that is no text', message('[[], {}, {}]', { ...v2, group: 5 }), 'header-invalid', 'group'],
    ['stamps that are no table', message('[[], {}, {}]', { ...v2, stamps: [] }), 'header-invalid', 'stamps'],
    [
      'stamped headers that are no names',
      message('[[], {}, {}]', { ...v2, stamped_headers: [1] }),
      'header-invalid',
      'stamped_headers',
    ],
    [
      'a compression that is no text',
      message('[[], {}, {}]', { ...v2, compression: 7 }),
      'compression-not-supported',
      'a number',
    ],
    [
      'lists nested a million deep, in JSON',
      message('['.repeat(1_000_000)),
      'body-not-decodable',
      'deeper than 1000 levels',
    ],
    [
      'lists nested a million deep, in msgpack',
      message(Buffer.alloc(1_000_000, 0x91), v2, 'application/x-msgpack'),
      'body-not-decodable',
      'deeper than 1000 levels',
    ],
    [
      'YAML of a million bytes',
      message('['.repeat(1_000_000), v2, 'application/x-yaml'),
      'body-too-large',
      'at most 262144 bytes',
    ],
    [
      'msgpack that is no triple',
      message(Buffer.from('81a16101', 'hex'), v2, 'application/x-msgpack'),
      'body-not-a-triple',
      'got dict',
    ],
    ['YAML that is no triple', message('a: 1', v2, 'application/x-yaml'), 'body-not-a-triple', 'got dict'],
    ['a body larger than any', message(Buffer.alloc(64 * 1024 * 1024 + 1)), 'body-too-large', 'larger than'],
  ])('refuses %s', (_, incoming, reason, text) => {
    const error = errorOf(incoming, { acceptContent: ['json', 'msgpack', 'yaml'] });
    expect(error.reason).toBe(reason);
    expect(error.message).toContain(text);
  });

  it('refuses anything with a ProtocolError, and nothing crashes', () => {
    const header = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(fc.anything()),
      fc.dictionary(fc.string(), fc.anything()),
    );
    const headers = fc.record(
      {
        task: header,
        id: header,
        eta: header,
        expires: header,
        timelimit: header,
        retries: header,
        compression: fc.oneof(fc.constantFrom(...compressionNames), header),
        stamps: header,
        group: header,
      },
      { requiredKeys: [] },
    );
    const body = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.string().map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(`[${text}, {}, {}]`)),
      fc.json().map((text) => Buffer.from(`[[], {}, ${text}]`)),
      fc.json().map((text) => Buffer.from(text)),
    );
    const contentType = fc.constantFrom(
      'application/json',
      'application/json',
      'application/x-msgpack',
      'application/x-yaml',
      'application/x-python-serialize',
      '',
      undefined,
    );
    fc.assert(
      fc.property(headers, body, contentType, (fields, bytes, type) => {
        try {
          const incoming = { properties: { contentType: type }, headers: fields, body: bytes };
          readAll(incoming, { acceptContent: ['json', 'msgpack', 'yaml'] });
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
