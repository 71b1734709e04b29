import { brotliCompressSync, deflateSync } from 'node:zlib';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { resolveAcceptContent } from './content.ts';
import type { MessageProperties } from '@celeriac/primitives';
import type { IncomingMessage } from './message.ts';
import { openTaskMessage } from './open-task-message.ts';
import { DecodeError } from './protocol-error.ts';
import { float } from './python-float.ts';

function message(
  body: string | Buffer,
  headers: Record<string, unknown>,
  properties: MessageProperties = {},
): IncomingMessage {
  return { properties: { contentType: 'application/json', ...properties }, headers, body: Buffer.from(body) };
}

const least = { task: 'tasks.add', id: 'an-id' };

describe('openTaskMessage', () => {
  it('takes the smallest message and gives Celery defaults for the rest', () => {
    const task = openTaskMessage(message('[[2, 3], {}, null]', least));
    expect(task).toMatchObject({
      name: 'tasks.add',
      id: 'an-id',
      correlationId: 'an-id',
      isProtocol1: false,
    });
    expect(task.replyTo).toBeUndefined();
    expect(task.readBody()).toEqual({
      args: [2, 3],
      kwargs: {},
      embed: { callbacks: null, errbacks: null, chain: null, chord: null },
    });
    expect(task.readRequest()).toEqual({
      protocol: 2,
      name: 'tasks.add',
      id: 'an-id',
      correlationId: 'an-id',
      rootId: 'an-id',
      retries: 0,
      timeLimits: {},
      replacedTaskNesting: 0,
      stampedHeaders: [],
      stamps: {},
      headers: {},
    });
  });

  it('reads every header', () => {
    const task = openTaskMessage(
      message(
        '[[], {}, {}]',
        {
          ...least,
          lang: 'py',
          shadow: 'nick',
          eta: '2030-01-02T03:04:05.678901+02:00',
          expires: new Date(5000),
          group: 'g',
          group_index: 2n,
          retries: 1,
          timelimit: [30, 1.5],
          root_id: 'root',
          parent_id: 'parent',
          argsrepr: '()',
          kwargsrepr: '{}',
          origin: 'gen1@host',
          ignore_result: true,
          replaced_task_nesting: 3,
          stamped_headers: ['tenant'],
          stamps: { tenant: ['a'] },
          compression: null,
          meth: null,
          'x-death': [],
        },
        { correlationId: 'c', replyTo: 'r' },
      ),
    );
    expect(task.readRequest()).toEqual({
      protocol: 2,
      name: 'tasks.add',
      id: 'an-id',
      lang: 'py',
      shadow: 'nick',
      eta: new Date('2030-01-02T01:04:05.678Z'),
      expires: new Date(5000),
      group: 'g',
      groupIndex: 2,
      retries: 1,
      timeLimits: { hardMs: 30_000, softMs: 1500 },
      rootId: 'root',
      parentId: 'parent',
      argsrepr: '()',
      kwargsrepr: '{}',
      origin: 'gen1@host',
      ignoreResult: true,
      replacedTaskNesting: 3,
      stampedHeaders: ['tenant'],
      stamps: { tenant: ['a'] },
      replyTo: 'r',
      correlationId: 'c',
      headers: { 'x-death': [] },
    });
    expect(task.readRequest()).toBe(task.readRequest());
  });

  it('takes empty texts for eta, expires and ids as none', () => {
    const request = openTaskMessage(
      message('[[], {}, {}]', { ...least, eta: '', expires: '', root_id: '', group: '' }),
    ).readRequest();
    expect(request).toMatchObject({ rootId: 'an-id' });
    expect([request.eta, request.expires, request.group]).toEqual([undefined, undefined, undefined]);
  });

  it('gives plain numbers as arguments, and keeps the kinds of numbers in what follows', () => {
    const step =
      '{"task": "t", "args": [2.0, 2], "kwargs": {}, "options": {}, "subtask_type": null, "immutable": false, "new": 1.0}';
    const task = openTaskMessage(
      message(`[[1.0], {"k": 1e3}, {"callbacks": [${step}], "chain": []}]`, least),
    );
    const body = task.readBody();
    expect(body.args).toEqual([1]);
    expect(body.kwargs).toEqual({ k: 1000 });
    expect(body.embed.callbacks?.[0]).toMatchObject({ args: [float(2), 2], new: float(1) });
    expect(body.embed.chain).toEqual([]);
    expect(task.readBody({ floats: 'keep' })).toMatchObject({ args: [float(1)], kwargs: { k: float(1000) } });
  });

  it('reads a protocol 1 body: taskset wins over group, and kwargs and args may be missing', () => {
    const body =
      '{"task": "t", "id": "x", "group": "new", "taskset": "old", "retries": 2, "errbacks": [{"task": "e", "args": [1.0]}]}';
    const task = openTaskMessage(message(body, { tenant: 'acme' }, { correlationId: 'corr', replyTo: 'r' }));
    expect(task).toMatchObject({
      name: 't',
      id: 'x',
      correlationId: 'corr',
      replyTo: 'r',
      isProtocol1: true,
    });
    expect(task.readRequest()).toMatchObject({
      protocol: 1,
      group: 'old',
      retries: 2,
      headers: { tenant: 'acme' },
    });
    expect(task.readBody()).toMatchObject({
      args: [],
      kwargs: {},
      embed: { errbacks: [{ args: [float(1)] }], chain: null },
    });
  });

  it('reads a protocol 1 body under protocol 2 headers, and lets the headers win', () => {
    const body =
      '{"args": [1], "kwargs": {"a": 2}, "task": "other", "id": "other", "retries": 1, "origin": "body", "callbacks": null}';
    const task = openTaskMessage(message(body, { ...least, retries: 5 }));
    expect(task.readRequest()).toMatchObject({
      name: 'tasks.add',
      id: 'an-id',
      retries: 5,
      origin: 'body',
      headers: {},
    });
    expect(task.readBody()).toMatchObject({ args: [1], kwargs: { a: 2 } });
  });

  it.each([
    ['application/x-gzip', deflateSync],
    ['gzip', deflateSync],
    ['application/x-brotli', brotliCompressSync],
  ] as const)('decompresses %s', (compression, compress) => {
    const task = openTaskMessage(message(compress('[[1], {}, {}]'), { ...least, compression }));
    expect(task.readBody().args).toEqual([1]);
    expect(task.readRequest().headers).toEqual({});
  });

  it.each([
    ['as it is', undefined, (text: string) => text],
    ['zlib', 'gzip', deflateSync],
    ['brotli', 'brotli', brotliCompressSync],
  ] as const)('refuses a body that is larger than it may be: %s', (_, compression, compress) => {
    const text = `[["${'x'.repeat(100_000)}"], {}, {}]`;
    const task = openTaskMessage(message(compress(text), { ...least, compression }), {
      maxBodyBytes: 50_000,
    });
    expect(() => task.readBody()).toThrow(DecodeError);
    expect(() => task.readBody()).toThrow('larger than 50000 bytes');
    expect(openTaskMessage(message(compress(text), { ...least, compression })).readBody().args).toHaveLength(
      1,
    );
  });
});

describe('resolveAcceptContent', () => {
  it.each([
    [['json', 'application/json'], ['application/json']],
    [
      ['application/x-yaml', 'json', 'msgpack', 'application/x-msgpack'],
      ['application/x-yaml', 'application/json', 'application/x-msgpack'],
    ],
    [[], []],
  ])('takes names and types: %j', (names, types) => {
    expect([...resolveAcceptContent(names)]).toEqual(types);
  });

  it.each([
    ['pickle', 'accept_content must not be pickle: reading it runs code that the sender chose'],
    ['application/x-python-serialize', 'accept_content must not be pickle'],
    ['toml', 'accept_content must be one of json, msgpack, yaml, got "toml"'],
  ])('refuses %s before any message comes', (name, text) => {
    expect(() => resolveAcceptContent([name])).toThrow(ImproperlyConfiguredError);
    const task = openTaskMessage(message('[[], {}, {}]', least), { acceptContent: [name] });
    expect(() => task.readBody()).toThrow(text);
  });
});
