import type { MessageProperties } from '@celeriac/amqp-transport';
import { writeJson } from '@celeriac/protocol';
import type { RecordedAction, RecordedCase } from '@celeriac/testing';
import { unedited, type CoveredCase } from './recorded-case.ts';

/** What a worker did: its messages, one line each, and how it settled those it was given; both sorted. */
export interface Conduct {
  readonly results: readonly string[];
  readonly settled: readonly string[];
}

interface WithHeaders {
  readonly headers?: Readonly<Record<string, unknown>> | null;
}

/** A message that the worker sent. */
export interface SentMessage {
  readonly routingKey: string;
  readonly properties: MessageProperties;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** The calls that the client made. */
export function callsOf({ trace = [] }: RecordedCase): RecordedAction[] {
  return trace.filter(
    ({ action, by, exchange, routing_key: key }) =>
      action === 'publish' && by === 'client' && exchange === '' && key === 'celery',
  );
}

export function isCall({ headers }: WithHeaders): boolean {
  return headers?.['task'] !== undefined;
}

/** Results, and calls that follow. */
function publishedBy({ trace = [] }: RecordedCase): RecordedAction[] {
  return trace.filter(
    ({ action, by, exchange }) => action === 'publish' && by === 'worker' && exchange === '',
  );
}

/** What Python did in the case, with the differences of ours. */
export function expectedConduct(recorded: RecordedCase, given: CoveredCase): Conduct {
  const { settled, edit = unedited, isOnce = false } = given;
  const calls = callsOf(recorded);
  const published = publishedBy(recorded);
  const known = idsIn(calls);
  const ids = [...known, ...newIdsIn(published, known)];
  const isAwaited = (queue: unknown) => calls.some(({ properties }) => properties?.['reply_to'] === queue);
  const results = published.flatMap((message) => {
    const sent = sentMessageOf(message);
    const { replyTo } = sent.properties;
    // results of callbacks go to a queue of the worker's own there, which nobody reads; here they are not sent
    const awaited = isAwaited(replyTo) ? replyTo : '';
    if (isCall(message))
      return [callLine({ ...sent, properties: { ...sent.properties, replyTo: awaited } }, ids)];
    return published.some(isCall) && !isAwaited(sent.routingKey) ? [] : [resultLine(sent, ids, edit)];
  });
  if (recorded.name === 'bad_kwargs_not_mapping') results.push(failureForBadKwargs(recorded));
  return {
    results: (isOnce ? [...new Set(results)] : results).sort(),
    settled: [...(settled ?? settlementsIn(recorded))].sort(),
  };
}

function settlementsIn({ trace = [] }: RecordedCase): string[] {
  return trace.flatMap(({ action, requeue }: RecordedAction & { readonly requeue?: boolean }) => {
    if (action === 'basic.ack') return ['acked'];
    return action === 'basic.reject' ? [requeue === true ? 'requeued' : 'rejected'] : [];
  });
}

function sentMessageOf({
  routing_key: routingKey = '',
  properties = {},
  headers,
  body_b64 = '',
}: RecordedAction): SentMessage {
  return {
    routingKey,
    properties: {
      contentType: properties['content_type'] as string | undefined,
      contentEncoding: properties['content_encoding'] as string | undefined,
      deliveryMode: properties['delivery_mode'] as 1 | 2 | undefined,
      priority: properties['priority'] as number | undefined,
      correlationId: properties['correlation_id'] as string | undefined,
      replyTo: properties['reply_to'] as string | undefined,
      expiration: properties['expiration'] as string | undefined,
    },
    headers: headers ?? {},
    body: Buffer.from(body_b64, 'base64'),
  };
}

/** Where Celery says nothing, the caller is told by ours: SPEC.md §7.3. */
function failureForBadKwargs(recorded: RecordedCase): string {
  const calls = callsOf(recorded);
  const id = String(calls[0]?.headers?.['id']);
  const result = { exc_type: 'InvalidTaskError', exc_message: ['<reason>'], exc_module: 'celery.exceptions' };
  const text = `{"status": "FAILURE", "result": ${writeJson(result)}, "traceback": null, "children": [], "date_done": "-", "task_id": "${id}"}`;
  const properties: MessageProperties = {
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    deliveryMode: 1,
    priority: 0,
    correlationId: id,
  };
  return resultLine(
    { routingKey: 'some.reply.queue', properties, headers: {}, body: Buffer.from(text) },
    idsIn(calls),
  );
}

/** Every id and date that the client chose, in the order of its messages. */
export function idsIn(calls: readonly RecordedAction[]): string[] {
  const ids = calls.flatMap(({ headers, properties, body_text: body = '' }) => [
    headers?.['id'] ?? /"id": "([^"]*)"/.exec(body)?.[1],
    headers?.['group'],
    headers?.['origin'],
    properties?.['reply_to'],
    ...[...body.matchAll(/"task_id": "([^"]*)"/g)].map(([, id]) => id), // steps of a chain
    headers?.['expires'],
  ]);
  return [...new Set(ids.filter((id) => typeof id === 'string' && id.length > 3))] as string[];
}

/** The ids that the worker chose for what follows, in the order of its calls. */
export function newIdsIn(published: readonly WithHeaders[], known: readonly string[]): string[] {
  const ids = published.filter(isCall).flatMap(({ headers }) => [headers?.['id'], headers?.['group']]);
  return [...new Set(ids.filter((id) => typeof id === 'string' && !known.includes(id)))] as string[];
}

/** A call that follows, with its route, properties and headers, as one line; language and name of the sender apart. */
export function callLine(message: SentMessage, ids: readonly string[]): string {
  const { properties, body } = message;
  const { lang, origin, eta, ...headers } = message.headers;
  expect([lang, origin]).toEqual([expect.stringMatching(/^(py|js)$/), expect.stringMatching(/^gen\d+@./)]);
  const told = {
    ...headers,
    eta: etaOf(eta, message),
    origin: ids.includes(String(origin)) ? origin : '<own>',
  };
  // the order of the headers is that of the wire
  const names = Object.keys(message.headers).join();
  const expiration = properties.expiration === undefined ? undefined : '<what is left>';
  return shown(
    `to ${message.routingKey} ${propertiesLine({ ...properties, expiration })} ${names} ${JSON.stringify(told)} ${body.toString('latin1')}`,
    ids,
  );
}

/** An eta in relation to the moment in which the message was sent, which an expiration tells. */
function etaOf(eta: unknown, { headers, properties }: SentMessage): unknown {
  if (typeof eta !== 'string') return eta;
  const { expires } = headers;
  if (typeof expires !== 'string' || properties.expiration === undefined) return '<later>';
  const sentMs = Date.parse(expires) - Number(properties.expiration);
  return `<${String(Date.parse(eta) - sentMs)} ms later>`;
}

/** A result with its route and properties, as one line. */
export function resultLine(
  { routingKey, properties, headers, body }: SentMessage,
  ids: readonly string[],
  edit: (text: string) => string = unedited,
): string {
  expect(headers).toEqual({});
  return shown(`to ${routingKey} ${propertiesLine(properties)} ${edit(body.toString('latin1'))}`, ids);
}

function propertiesLine(properties: MessageProperties): string {
  const {
    contentType,
    contentEncoding,
    deliveryMode,
    priority,
    correlationId,
    replyTo = '',
    ...others
  } = properties;
  return JSON.stringify({
    contentType,
    contentEncoding,
    deliveryMode,
    priority,
    correlationId,
    replyTo,
    ...others,
  });
}

/** A text or MessagePack without what differs from run to run: dates, tracebacks, ids. */
function shown(text: string, ids: readonly string[]): string {
  const anonymous = ids.reduce((left, id, index) => left.replaceAll(id, `<id ${String(index)}>`), text);
  return anonymous
    .replace(/"date_done": "[^"]*"/, '"date_done": "<date>"')
    .replace(/"traceback": "(?:[^"\\]|\\.)*"/, '"traceback": "<text>"')
    .replace(/(?<=\xa9date_done)(?:\xd9.|[\xa0-\xbf])\d{4}-[-\d]+T[\d:.]+\+00:00/s, '<date>')
    .replace(/(?<=\xa9traceback)(?:\xda..|\xd9.).*(?=\xa8children)/s, '<text>');
}
