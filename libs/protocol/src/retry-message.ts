import { constants } from 'node:buffer';
import { decompressBody, type CompressionName } from './compression.ts';
import { encodeTaskMessage } from './encode-task-message.ts';
import type { IncomingMessage, OutgoingMessage } from './message.ts';
import type { OpenedTask } from './open-task-message.ts';
import { jsonSerializer, resolveSerializer } from './serializer.ts';

/** What the next run of a task is sent with, where it differs from this one. */
export interface RetryMessageChanges {
  /** When it may start; undefined: at once. */
  readonly eta: Date | undefined;
  readonly args?: readonly unknown[] | undefined;
  readonly kwargs?: Readonly<Record<string, unknown>> | undefined;
  readonly priority?: number | undefined;
  readonly expires?: Date | undefined;
  /** `task_compression`. Default none. */
  readonly compression?: CompressionName | undefined;
  /** The present, from which the time to live is counted. */
  readonly now: Date;
  /** Node that sends it, where the message names none. */
  readonly origin: string;
}

/** Largest body that is taken apart once more; it has been read before. */
const anyLength = constants.MAX_LENGTH;

/** Headers of the broker and of the redelivery limit: they tell of the message that was, not of the one that is sent. */
const brokerHeaders = /^x-(?:death$|first-death-|last-death-|delivery-count$|acquired-count$|celeriac-)/;

/**
 * The message that runs a task once more: the same id, route and rest of the workflow, one retry further. The body is the
 * one that came, to the byte, unless arguments change; `expires` is kept as it was written.
 *
 * [RETRY-MESSAGE] Source: Celery 5.7.0, celery/app/task.py `signature_from_request`; recorded worker-rpc:
 * `retry_with_exc`. Where Celery lets the call's `ignore_result` go, it is carried.
 *
 * @param message as it was delivered
 * @throws EncodeError when new arguments have no form in the message; nothing has been sent
 */
export function encodeRetryMessage(
  message: IncomingMessage,
  opened: OpenedTask,
  changes: RetryMessageChanges,
): OutgoingMessage {
  const request = opened.readRequest();
  const body = opened.readBody({ floats: 'keep' });
  const expires = changes.expires ?? request.expires;
  const encoded = encodeTaskMessage({
    name: request.name,
    id: request.id,
    args: changes.args ?? body.args,
    kwargs: changes.kwargs ?? body.kwargs,
    tupleArgs: true,
    embed: body.embed,
    replyTo: request.replyTo,
    eta: changes.eta,
    expires,
    retries: request.retries + 1,
    priority: changes.priority ?? message.properties.priority,
    timeLimits: request.timeLimits,
    group: request.group,
    groupIndex: request.groupIndex,
    rootId: request.rootId,
    parentId: request.parentId ?? request.id,
    shadow: request.shadow,
    headers: ownHeaders(request.headers),
    ignoreResult: request.ignoreResult,
    replacedTaskNesting: request.replacedTaskNesting,
    stampedHeaders: request.stampedHeaders.length === 0 ? undefined : request.stampedHeaders,
    stamps: request.stamps,
    origin: request.origin ?? changes.origin,
    now: changes.now,
    serializer: resolveSerializer(message.properties.contentType ?? jsonSerializer.contentType).name,
    compression: changes.compression,
  });
  const written = message.headers['expires'];
  const headers =
    changes.expires === undefined && typeof written === 'string'
      ? { ...encoded.headers, expires: written }
      : encoded.headers;
  const properties = { ...encoded.properties, correlationId: request.correlationId };
  const isWrittenAnew = [changes.args, changes.kwargs, changes.compression].some((one) => one !== undefined);
  const kept = isWrittenAnew ? undefined : keptBody(message, opened);
  if (kept === undefined) return { properties, headers, body: encoded.body };
  const { contentType, contentEncoding } = message.properties;
  return { properties: { ...properties, contentType, contentEncoding }, headers, body: kept };
}

function ownHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !brokerHeaders.test(name)));
}

/** The body as it came, decompressed; undefined for a body of protocol 1, which is not the one that is sent. */
function keptBody(message: IncomingMessage, opened: OpenedTask): Buffer | undefined {
  if (opened.isProtocol1) return undefined;
  const body = decompressBody(message.body, message.headers['compression'], anyLength);
  const isTriple = message.properties.contentType !== jsonSerializer.contentType || body[0] === 0x5b;
  return isTriple ? body : undefined;
}
