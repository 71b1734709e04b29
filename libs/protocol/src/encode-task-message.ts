import type { CompressionName } from './compression.ts';
import { resolveCompression } from './compression.ts';
import { pythonIsoformat } from './isoformat.ts';
import type { OutgoingMessage } from './message.ts';
import { EncodeError } from './protocol-error.ts';
import { saferepr } from './saferepr.ts';
import type { SerializerName } from './serializer.ts';
import { jsonSerializer, resolveSerializer } from './serializer.ts';
import type { TaskEmbed } from './signature.ts';
import type { TimeLimits } from './time-limits.ts';
import { encodeTimeLimits } from './time-limits.ts';
import type { TypedValueForm } from './typed-values.ts';
import type { WriteJsonOptions } from './write-json.ts';
import { writeJson } from './write-json.ts';

/** A call of a task, complete but for its route. */
export interface TaskCall {
  readonly name: string;
  readonly id: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** Reply queue. Default none. */
  readonly replyTo?: string | undefined;
  readonly eta?: Date | undefined;
  readonly expires?: Date | undefined;
  /** Default 0. */
  readonly retries?: number | undefined;
  /** 0 to 255. Default 0. */
  readonly priority?: number | undefined;
  readonly timeLimits?: TimeLimits | undefined;
  readonly group?: string | undefined;
  readonly groupIndex?: number | undefined;
  /** Default `id`. */
  readonly rootId?: string | undefined;
  readonly parentId?: string | undefined;
  readonly shadow?: string | undefined;
  /** Custom headers; they come after the standard ones and win over them. */
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  /** Default false. */
  readonly ignoreResult?: boolean | undefined;
  /** Default 0. */
  readonly replacedTaskNesting?: number | undefined;
  readonly stampedHeaders?: readonly string[] | undefined;
  readonly stamps?: Readonly<Record<string, unknown>> | undefined;
  /** Node that creates the message, `name@host`. */
  readonly origin: string;
  readonly embed?: Partial<TaskEmbed> | undefined;
  /** Text of args for logs and events. Default made from `args`. */
  readonly argsrepr?: string | undefined;
  readonly kwargsrepr?: string | undefined;
  /** Show args as a tuple, as Python's `delay` does, and not as a list. Default false. */
  readonly tupleArgs?: boolean | undefined;
  /** 1 transient, 2 persistent. Default 2. */
  readonly deliveryMode?: 1 | 2 | undefined;
  /** The present, from which the time to live of a message that expires is counted. Default the machine's clock. */
  readonly now?: Date | undefined;
  /** `'plain'` writes dates, decimals and uuids as Celery 5.2 does. Default `'envelope'`. */
  readonly typedValues?: TypedValueForm | undefined;
  /** Default `'json'`. The others have no form for a Decimal, a time or a uuid, msgpack none for any date. */
  readonly serializer?: SerializerName | undefined;
  /** Default none. One that cannot be written is refused: see `writableCompressions`. */
  readonly compression?: CompressionName | undefined;
}

/** The largest time to live that RabbitMQ takes; beyond it the channel is closed and the message lost. */
const maxExpirationMs = 4_294_967_295;

const emptyEmbedText = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}';

function checkText(value: string, field: string): string {
  if (value !== '') return value;
  throw new EncodeError(`TaskCall.${field} must be a non-empty string`);
}

function checkPriority(priority: number): number {
  if (Number.isInteger(priority) && priority >= 0 && priority <= 255) return priority;
  throw new EncodeError(`TaskCall.priority must be an integer from 0 to 255, got ${priority}`);
}

function checkCount(count: number, field: string): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new EncodeError(`TaskCall.${field} must be a non-negative integer, got ${count}`);
}

/**
 * The AMQP time to live of a message that expires: whole milliseconds, 0 when that is past, nothing when RabbitMQ would
 * not take it; the header stays in any case, so that the worker checks.
 *
 * [TASK-EXPIRATION] Source: Celery 5.7, celery/app/base.py `send_task`, kombu 5.6.2, kombu/messaging.py `publish`;
 * vectors `task-messages: expires_*`.
 */
function expirationOf(expires: Date, now: Date): string | undefined {
  const ms = Math.max(0, expires.getTime() - now.getTime());
  return ms > maxExpirationMs ? undefined : String(ms);
}

function fullEmbed({
  callbacks = null,
  errbacks = null,
  chain = null,
  chord = null,
}: Partial<TaskEmbed>): object {
  return { callbacks, errbacks, chain, chord };
}

function writeJsonBody(call: TaskCall): Buffer {
  const options: WriteJsonOptions = { typedValues: call.typedValues };
  const embed = call.embed === undefined ? emptyEmbedText : writeJson(fullEmbed(call.embed), options);
  // ASCII alone, which latin1 copies as it is
  return Buffer.from(
    `[${writeJson(call.args, options)}, ${writeJson(call.kwargs, options)}, ${embed}]`,
    'latin1',
  );
}

function encodeHeaders(call: TaskCall): Record<string, unknown> {
  return {
    lang: 'js',
    task: checkText(call.name, 'name'),
    id: checkText(call.id, 'id'),
    shadow: call.shadow ?? null,
    eta: call.eta === undefined ? null : pythonIsoformat(call.eta),
    expires: call.expires === undefined ? null : pythonIsoformat(call.expires),
    group: call.group ?? null,
    group_index: call.groupIndex === undefined ? null : checkCount(call.groupIndex, 'groupIndex'),
    retries: checkCount(call.retries ?? 0, 'retries'),
    timelimit: encodeTimeLimits(call.timeLimits),
    root_id: call.rootId ?? call.id,
    parent_id: call.parentId ?? null,
    // Celery takes no arguments as `()`, whatever the caller wrote
    argsrepr:
      call.argsrepr ??
      saferepr(call.args, 1024, { tuple: call.tupleArgs === true || call.args.length === 0 }),
    kwargsrepr: call.kwargsrepr ?? saferepr(call.kwargs),
    origin: call.origin,
    ignore_result: call.ignoreResult ?? false,
    replaced_task_nesting: checkCount(call.replacedTaskNesting ?? 0, 'replacedTaskNesting'),
    stamped_headers: call.stampedHeaders ?? null,
    stamps: call.stamps ?? {},
    ...call.headers,
  };
}

/**
 * The message of a call, protocol 2, with the header keys and their order of Celery 5.7.
 *
 * [TASK-V2-ENCODE] Source: Celery 5.7, celery/app/amqp.py `as_task_v2`, kombu 5.7.0, kombu/messaging.py `_prepare`;
 * vectors `task-messages`.
 *
 * @throws EncodeError when an argument has no form in the serializer, or a field has a value that cannot be sent; names it
 * @throws ImproperlyConfiguredError when the serializer is unknown, or the compression is or cannot be written
 */
export function encodeTaskMessage(call: TaskCall): OutgoingMessage {
  const expiration =
    call.expires === undefined ? undefined : expirationOf(call.expires, call.now ?? new Date());
  const serializer = call.serializer === undefined ? jsonSerializer : resolveSerializer(call.serializer);
  const compression = call.compression === undefined ? undefined : resolveCompression(call.compression);
  const headers = encodeHeaders(call);
  // kombu's own header, which comes after those of the task
  if (compression !== undefined) headers['compression'] = compression.contentType;
  const body =
    serializer === jsonSerializer
      ? writeJsonBody(call)
      : serializer.serialize([call.args, call.kwargs, fullEmbed(call.embed ?? {})]);
  return {
    properties: {
      contentType: serializer.contentType,
      contentEncoding: serializer.contentEncoding,
      deliveryMode: call.deliveryMode ?? 2,
      priority: checkPriority(call.priority ?? 0),
      correlationId: call.id,
      replyTo: call.replyTo ?? '',
      ...(expiration !== undefined && { expiration }),
    },
    headers,
    body: compression === undefined ? body : compression.compress(body),
  };
}
