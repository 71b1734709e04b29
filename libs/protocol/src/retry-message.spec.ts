import { loadVectors, deliveryOf, type RecordedVersion } from '@celeriac/testing';
import { brotliCompressSync, deflateSync } from 'node:zlib';
import { encodeTaskMessage, type TaskCall } from './encode-task-message.ts';
import type { IncomingMessage } from './message.ts';
import { openTaskMessage, type OpenTaskOptions } from './open-task-message.ts';
import { EncodeError } from './protocol-error.ts';
import { encodeRetryMessage, type RetryMessageChanges } from './retry-message.ts';

const now = new Date('2026-11-22T10:00:00.250Z');
const call: TaskCall = {
  name: 'shop.work',
  id: 'an-id',
  args: [1, 'a'],
  kwargs: { k: null },
  origin: 'gen7@caller',
  replyTo: 'replies',
};

function retryOf(
  message: IncomingMessage,
  changes: Partial<RetryMessageChanges> = {},
  options: OpenTaskOptions = {},
) {
  return encodeRetryMessage(message, openTaskMessage(message, options), {
    eta: undefined,
    now,
    origin: 'gen1@worker',
    ...changes,
  });
}

describe('encodeRetryMessage', () => {
  // main's own form; 5.2.6 and 5.6.3 write fewer headers
  it.each<[string, RecordedVersion]>([
    ['retry_with_exc', 'celery-main'],
    ['retry_without_exc', 'celery-main'],
    ['autoretry', 'celery-main'],
  ])('is what Celery sends again: %s of %s', (name, version) => {
    const { trace = [] } = loadVectors('worker-rpc', version).cases.find((one) => one.name === name) ?? {};
    const [call, again] = trace.filter(
      ({ action, exchange, headers }) =>
        action === 'publish' && exchange === '' && headers?.['id'] === trace[0]?.headers?.['id'],
    );
    if (call === undefined || again === undefined) throw new Error(`${name} has no retry`);
    const recorded = deliveryOf(again);
    const { eta, expires } = recorded.headers;
    const { expiration } = recorded.properties;
    // when the recorded worker sent it
    const sent = expiration === undefined ? now : new Date(Date.parse(String(expires)) - Number(expiration));
    const retry = retryOf(deliveryOf(call), { eta: new Date(String(eta)), now: sent });
    expect(Object.entries(retry.headers).map(([key]) => key)).toEqual(Object.keys(recorded.headers));
    // an instant is held in milliseconds here, and Python's in microseconds
    const toMs = (text: unknown) => String(text).replace(/\.(\d{3})\d{3}\+/, '.$1000+');
    expect({ ...retry.headers, lang: 'py' }).toEqual({ ...recorded.headers, eta: toMs(eta) });
    expect(retry.properties).toEqual(recorded.properties);
    expect(retry.body.toString()).toBe(recorded.body.toString());
  });

  it('is one retry further, at once, by a task that has itself as its parent', () => {
    const { headers, properties } = retryOf(encodeTaskMessage({ ...call, retries: 4, priority: 7 }));
    expect(headers).toMatchObject({
      id: 'an-id',
      retries: 5,
      eta: null,
      parent_id: 'an-id',
      root_id: 'an-id',
      origin: 'gen7@caller',
    });
    expect(properties).toMatchObject({ correlationId: 'an-id', replyTo: 'replies', priority: 7 });
    expect(properties).not.toHaveProperty('expiration');
  });

  it('keeps what the call says', () => {
    const given: TaskCall = {
      ...call,
      rootId: 'a-root',
      parentId: 'a-parent',
      group: 'a-group',
      groupIndex: 2,
      shadow: 'nick',
      timeLimits: { hardMs: 9000, softMs: 1500 },
      ignoreResult: true,
      replacedTaskNesting: 1,
      stampedHeaders: ['tenant'],
      stamps: { tenant: ['a', 'b'] },
      headers: { tenant: 'a', trace: { depth: 1 } },
    };
    const message = encodeTaskMessage(given);
    const { headers } = retryOf(message);
    expect(headers).toEqual({ ...message.headers, retries: 1, argsrepr: "(1, 'a')" });
  });

  it('keeps the text of expires, and counts the time to live from now', () => {
    const expires = '2026-11-22T12:00:09.123456+02:00';
    const message = encodeTaskMessage(call);
    const { headers, properties } = retryOf({ ...message, headers: { ...message.headers, expires } });
    expect([headers['expires'], properties.expiration]).toEqual([expires, '8873']);
  });

  it('is due in time to expire at once when it should have expired', () => {
    const { properties } = retryOf(encodeTaskMessage({ ...call, expires: new Date(now.getTime() - 1), now }));
    expect(properties.expiration).toBe('0');
  });

  it.each<[Partial<RetryMessageChanges>, object]>([
    [{ eta: now }, { eta: '2026-11-22T10:00:00.250000+00:00' }],
    [{ args: [] }, { argsrepr: '()', kwargsrepr: "{'k': None}" }],
    [{ kwargs: { x: 1 } }, { argsrepr: "(1, 'a')", kwargsrepr: "{'x': 1}" }],
    [{ expires: new Date('2026-11-22T10:00:01Z') }, { expires: '2026-11-22T10:00:01+00:00' }],
  ])('changes %j', (changes, expected) => {
    expect(retryOf(encodeTaskMessage(call), changes).headers).toMatchObject(expected);
  });

  it('writes changed arguments with the workflow as it was', () => {
    const callback = {
      task: 'next',
      args: [1.5],
      kwargs: {},
      options: { queue: 'q' },
      subtask_type: null,
      immutable: false,
    };
    const message = encodeTaskMessage({ ...call, embed: { callbacks: [callback] as never } });
    const { body, properties } = retryOf(message, { args: [2], priority: 0 });
    expect(JSON.parse(body.toString())).toEqual([
      [2],
      { k: null },
      { callbacks: [callback], errbacks: null, chain: null, chord: null },
    ]);
    expect(properties.priority).toBe(0);
  });

  it.each<[string, Buffer, string | undefined]>([
    ['as it is', Buffer.from('[ [1.0],{},{ } ]'), undefined],
    ['of a zlib stream', deflateSync('[[1.0], {}, {}]'), 'application/x-gzip'],
    ['of brotli', brotliCompressSync('[[1.0], {}, {}]'), 'application/x-brotli'],
  ])('keeps the bytes of a body, %s, and leaves it uncompressed', (_what, body, compression) => {
    const { headers, properties } = encodeTaskMessage(call);
    const message = {
      properties,
      headers: compression === undefined ? headers : { ...headers, compression },
      body,
    };
    const retry = retryOf(message);
    expect(retry.body.toString()).toBe(compression === undefined ? body.toString() : '[[1.0], {}, {}]');
    expect(retry.headers).not.toHaveProperty('compression');
  });

  it('keeps the bytes of a body that is no JSON, and its content type', () => {
    const message = encodeTaskMessage({ ...call, serializer: 'yaml' });
    const retry = retryOf(message, {}, { acceptContent: ['yaml'] });
    expect(retry.properties).toMatchObject({ contentType: 'application/x-yaml', contentEncoding: 'utf-8' });
    expect(retry.body.equals(message.body)).toBe(true);
  });

  it('turns a message of protocol 1 into one of protocol 2', () => {
    const body = Buffer.from(
      JSON.stringify({
        task: 'shop.work',
        id: 'an-id',
        args: [1],
        kwargs: { k: 2 },
        retries: 2,
        callbacks: null,
      }),
    );
    const properties = { contentType: 'application/json', contentEncoding: 'utf-8', replyTo: 'replies' };
    const { headers, body: written } = retryOf({ headers: {}, properties, body });
    expect(headers).toMatchObject({ task: 'shop.work', id: 'an-id', retries: 3, origin: 'gen1@worker' });
    expect(JSON.parse(written.toString())).toEqual([
      [1],
      { k: 2 },
      { callbacks: null, errbacks: null, chain: null, chord: null },
    ]);
  });

  it('leaves out what the broker and the redelivery limit wrote, and keeps what only looks like it', () => {
    const own = { 'x-tenant': 'acme', 'x-deathly': 1 };
    const foreign = {
      'x-death': [{ queue: 'shop' }],
      'x-first-death-queue': 'shop',
      'x-last-death-reason': 'expired',
      'x-delivery-count': 3,
      'x-acquired-count': 4,
      'x-celeriac-delivery-count': 2,
      'x-celeriac-reject-reason': 'too often',
    };
    const message = encodeTaskMessage({ ...call, headers: { ...foreign, ...own } });
    const { headers } = retryOf(message);
    for (const name of Object.keys(foreign)) expect(headers).not.toHaveProperty([name]);
    expect(headers).toMatchObject(own);
  });

  it('refuses arguments that have no form', () => {
    expect(() => retryOf(encodeTaskMessage(call), { args: [() => 1] })).toThrow(EncodeError);
  });
});
